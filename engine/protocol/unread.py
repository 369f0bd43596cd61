"""What of a body no rule reads: found by walking the body beside the tree of all paths that are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..canonical.loss import Declared, Loss
from ..language.mapping import CompiledMapping
from ..language.reads import PRESENCE

_MOST = 50


@dataclass(slots=True)
class Reading:
    """What is read of a place: of its members by name, `*` for any; `handed`: the value may be handed on as it is.

    No reading in a member's place means that everything below it is read, an empty one that it is looked at. `deeper`
    are the members, or items, of which not all may be read, `names` all members; `items_only`: of any name.
    """

    members: dict[str, Reading | None] = field(default_factory=dict)
    handed: bool = False
    deeper: dict[str, Reading] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    items_only: bool = False


def read_tree(mapping: CompiledMapping, root: str) -> Reading | None:
    """Put the paths that a mapping reads below a root into a tree; None when the root is used whole."""
    tree = Reading()
    for path in sorted(mapping.reads, key=lambda path: path in mapping.handed):
        if path[:1] != (root,):
            continue
        steps = [step for step in path[1:] if not step.startswith(":")]
        if not steps:
            return None
        if steps != [PRESENCE]:
            _add(tree, steps, handed=path in mapping.handed)
    return _closed(tree)


def _add(tree: Reading, steps: list[str], *, handed: bool) -> None:
    """Add one path; what is used whole stays so, and asking for presence opens nothing below."""
    presence = steps[-1] == PRESENCE
    *above, last = steps[:-1] if presence else steps
    for step in above:
        below = tree.members.setdefault(step, Reading())
        if below is None:
            return
        tree = below
    if handed or presence:
        place = tree.members.setdefault(last, Reading())
        if place is not None:
            place.handed |= handed
    else:
        tree.members[last] = None


def _closed(tree: Reading) -> Reading:
    """Close what is handed on and never looked into: everything below it is read."""
    for name, below in tree.members.items():
        if below is not None:
            tree.members[name] = None if below.handed and not below.members else _closed(below)
    tree.names, tree.items_only = frozenset(tree.members), tree.members.keys() == {"*"}
    tree.deeper = {name: below for name, below in tree.members.items() if below is not None and below.members}
    return tree


def unread(body: dict[str, Any], tree: Reading, made: object) -> list[str]:
    """Give the places of nested members that nobody reads, such as `messages[0].name`; at most 50.

    What rules may hand on is read if it arrived in what they `made`. Members at the top are not given: they go into the
    native bag.
    """
    found: list[str] = []
    arrived = _Arrived(made)
    for name, value in body.items():
        below = tree.deeper.get(name)
        if below is not None and not _is_read(value, below):
            for place in _walk(value, below, name, arrived, handed=False):
                found.append(place)
                if len(found) == _MOST:
                    return found
    return found


def _is_read(value: Any, tree: Reading) -> bool:
    """Tell whether names alone show that all of a value is read; most often they do."""
    deeper = tree.deeper
    if type(value) is list:
        below = deeper.get("*")
        if below is not None:
            for item in value:
                if (type(item) is dict or type(item) is list) and not _is_read(item, below):
                    return False
    elif type(value) is dict:
        if tree.items_only:
            deeper = dict.fromkeys(value, deeper["*"]) if deeper else deeper
        elif not tree.names.issuperset(value):
            return False
        for name, member in value.items():
            if (type(member) is dict or type(member) is list) and name in deeper and not _is_read(member, deeper[name]):
                return False
    return True


class _Arrived:
    """Knows what stands in a document: objects and lists by identity, single members by name and value.

    It looks only when it is asked.
    """

    __slots__ = ("_made", "_members", "_whole")

    def __init__(self, made: object) -> None:
        self._made = made
        self._whole: set[int] | None = None
        self._members: set[tuple[str, object]] = set()

    def holds(self, value: object) -> bool:
        """Tell whether this very object or list arrived."""
        return id(value) in self._seen()

    def has(self, name: str, member: object) -> bool:
        """Tell whether a member arrived, in whatever object: what was merged or omitted from is an object anew."""
        seen = self._seen()
        return id(member) in seen if type(member) in _CONTAINERS else (name, member) in self._members

    def _seen(self) -> set[int]:
        if self._whole is None:
            self._whole = set()
            open_ = [self._made]
            while open_:
                thing = open_.pop()
                self._whole.add(id(thing))
                if type(thing) is dict:
                    self._members.update(item for item in thing.items() if type(item[1]) not in _CONTAINERS)
                inner = thing.values() if type(thing) is dict else thing if type(thing) is list else ()
                open_ += [member for member in inner if type(member) in _CONTAINERS]
        return self._whole


def losses_of(places: Iterable[str], declared: Mapping[str, Declared]) -> tuple[Loss, ...]:
    """Give the places that nobody reads as losses, as bad as is declared of them, or else as warnings."""
    return tuple(
        Loss(place, "native", said.severity, said.why)
        for place in places
        for said in (declaration(_INDEX.sub("", place), declared) or _UNKNOWN,)
    )


def declaration(place: str, declared: Mapping[str, Declared]) -> Declared | None:
    """Find what is declared of a place of a body, dotted, or of the nearest place above it."""
    while place:
        if place in declared:
            return declared[place]
        place = place.rpartition(".")[0]
    return None


def _walk(value: Any, tree: Reading, place: str, arrived: _Arrived, *, handed: bool) -> Iterator[str]:
    """Give the unread places of one value; `handed` says that it may have arrived as it is, with what is around it."""
    handed = handed or tree.handed
    if type(value) is dict:
        anything = tree.members["*"] if tree.items_only else _ABSENT  # beside names it stands for items
        for name, member in value.items():
            below = tree.members.get(name, anything)
            if below is _ABSENT:
                if member is not None and not (handed and (arrived.holds(value) or arrived.has(name, member))):
                    yield f"{place}.{name}"
            elif below is not None and below.members and type(member) in _CONTAINERS:
                yield from _walk(member, below, f"{place}.{name}", arrived, handed=handed)
    elif type(value) is list:
        below = tree.members.get("*")
        if below is not None and below.members:
            for index, item in enumerate(value):
                if type(item) in _CONTAINERS:
                    yield from _walk(item, below, f"{place}[{index}]", arrived, handed=handed)


_INDEX = re.compile(r"\[\d+\]")
_UNKNOWN = Declared("warn", "is not known here")
_ABSENT: Any = object()
_CONTAINERS = frozenset({dict, list})
