"""Members that are hardly ever there: one look at the names of what they are made of passes over several of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from ..terms import (
    Each,
    Expression,
    First,
    Guarded,
    List,
    Lookup,
    Merge,
    Name,
    Object,
    Switch,
    Term,
)
from .absence import NULL, places_in, vanishes

MANY = 8
"""Names that one look is for: with more, one that is there would open too much."""
FEW = 4
"""Expressions that are dearer to ask than their names."""

LARGE = 40
"""Expressions of a member that would take long to look through."""

Entry = tuple[str, Term, bool]


@dataclass(frozen=True, slots=True)
class Group:
    """Members that follow each other; all vanish if the `holder` has none of the `names`, where these are given."""

    members: tuple[Entry, ...]
    holder: Name | None = None
    names: frozenset[str] = frozenset()


def grouped(members: Sequence[Entry]) -> Iterator[Group]:
    """Put members into groups."""
    open_: Group | None = None
    for entry in members:
        holder, names = _needs(entry)
        is_same = open_ is not None and holder is not None and _slot(open_.holder) == _slot(holder)
        if open_ is not None and is_same and len(open_.names | names) <= MANY:
            open_ = Group((*open_.members, entry), holder, open_.names | names)
            continue
        if open_ is not None:
            yield _closed(open_)
        open_ = Group((entry,), holder, names)
    if open_ is not None:
        yield _closed(open_)


def _slot(name: Name | None) -> int:
    return -1 if name is None else name.slot


def _closed(group: Group) -> Group:
    """Give a group as it is written: with its names, if looking at them is cheaper than asking."""
    asked = sum(1 for _, term, _ in group.members for _ in expressions_in(term))
    return replace(group, names=interned(group.names)) if group.names and asked >= FEW else Group(group.members)


@cache
def interned(names: frozenset[str]) -> frozenset[str]:
    """Give the one set of these names."""
    return names


def _needs(entry: Entry) -> tuple[Name | None, frozenset[str]]:
    """Give a name and those members of what it means of which at least one must be there for this entry to be."""
    _, term, stays = entry
    by_slot: dict[int, set[str]] = {}
    texts: dict[int, str] = {}
    found = [] if stays else list(islice(expressions_in(term), LARGE))
    for inner in found if len(found) < LARGE else ():
        texts |= {slot: text for text, slot in inner.slots.items()}
        for slot, name in places_in(inner.tree, inner.slots):
            by_slot.setdefault(slot, set()).add(name)
    inside = set(bound_in(term))
    for slot, names in sorted(by_slot.items(), key=lambda it: len(it[1])):
        if slot not in inside and len(names) <= MANY and vanishes(term, {(slot, name): NULL for name in names}):
            return Name(slot, texts[slot]), frozenset(names)
    return None, frozenset()


def expressions_in(term: Term | None) -> Iterator[Expression]:
    """Give all expressions of a term."""
    if isinstance(term, Expression):
        yield term
    for inner in _inside(term):
        yield from expressions_in(inner)


def bound_in(term: Term | None) -> Iterator[int]:
    """Give the slots that a term binds itself."""
    match term:
        case Each(loop):
            yield from (loop.item.slot, loop.index.slot)
        case Guarded(bindings):
            yield from (name.slot for name, _ in bindings)
    for inner in _inside(term):
        yield from bound_in(inner)


def _inside(term: Term | None) -> Sequence[Term | None]:
    match term:
        case Object(members):
            return [member for _, member, _ in members]
        case List(entries):
            return [entry for entry, _ in entries]
        case Each(loop, body):
            return [loop.source, loop.condition, body]
        case Guarded(bindings, condition, body):
            return [*(bound for _, bound in bindings), condition, body]
        case Merge(parts):
            return parts
        case First(choices):
            return [choice for choice, _ in choices]
        case Switch(selector, cases, otherwise):
            return [selector, *(case for _, case in cases), otherwise]
        case Lookup(key, _, otherwise):
            return [key, otherwise]
    return ()
