"""What surely comes of a term where something is not there: whether it vanishes is seen before it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import build, operators
from ..expressions import standard
from ..functions import CALLEES
from ..reads import BEGUN, Ast
from ..terms import (
    NOTHING,
    Each,
    Expression,
    First,
    Guarded,
    List,
    Lookup,
    Merge,
    Nothing,
    Object,
    Switch,
    Term,
)

_OF_LISTS = frozenset({"projection", "filter_projection", "flatten"})


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is known before anything runs."""

    value: Any


NULL = Known(None)

Place = tuple[int, str]
"""A slot and one of its members, or no name for all of it."""


def vanishes(term: Term, known: Mapping[Place, Known]) -> bool:
    """Tell whether a term surely gives nothing where these places have these values."""
    match term:
        case Nothing():
            return True
        case Expression():
            return value_of(term, known) == NULL
        case Object(members):
            return bool(members) and all(vanishes(member, known) and not stays for _, member, stays in members)
        case List(entries):
            return bool(entries) and all(vanishes(entry, known) for entry, _ in entries)
        case Merge(parts):
            return all(vanishes(part, known) for part in parts)
        case First(choices):
            return all(vanishes(choice, known) for choice, _ in choices)
        case Each(loop):
            source = value_of(loop.source, known)
            return source is not None and not isinstance(source.value, list)
        case Guarded():
            return _guarded_vanishes(term, known)
        case Switch():
            return _switch_vanishes(term, known)
        case Lookup(key):
            return vanishes(key, known)
    return False


def _guarded_vanishes(term: Guarded, known: Mapping[Place, Known]) -> bool:
    inner = dict(known)
    for name, bound in term.bindings:
        value = NULL if vanishes(bound, inner) else value_of(bound, inner)
        if value is not None:
            inner[name.slot, ""] = value
    condition = None if term.condition is None else value_of(term.condition, inner)
    return (condition is not None and operators.is_false(condition.value)) or vanishes(term.body, inner)


def _switch_vanishes(term: Switch, known: Mapping[Place, Known]) -> bool:
    selected = value_of(term.selector, known)
    otherwise = term.otherwise or NOTHING
    if selected is None:
        return vanishes(otherwise, known) and all(vanishes(case, known) for _, case in term.cases)
    label = build.label(selected.value)
    return vanishes(next((case for labels, case in term.cases if label in labels), otherwise), known)


def value_of(term: Term, known: Mapping[Place, Known]) -> Known | None:
    """Give the value of an expression, if it is known; nothing else has one."""
    return _Values(term.slots, known).of(term.tree, None) if isinstance(term, Expression) else None


class _Values:
    """The known values of one expression's nodes; `here` is that of the value at hand, absent at its roots."""

    def __init__(self, slots: Mapping[str, int], known: Mapping[Place, Known]) -> None:
        self._slots = slots
        self._known = known

    def of(self, node: Ast, here: Known | None) -> Known | None:
        kind, children = node["type"], node["children"]
        match kind:
            case "literal":
                return Known(node["value"])
            case "field":
                if here is None:
                    return self._known.get((self._slots[node["value"]], ""))
                return Known(operators.member(node["value"])(here.value))
            case "subexpression" | "index_expression" | "pipe":
                place = first_place(node, self._slots) if here is None else None
                found = self._known.get(place) if place is not None else None
                others = children[2:]
                if found is None:
                    found, others = self.of(children[0], here), children[1:]
                for child in others:
                    found = None if found is None else self.of(child, found)
                return found
            case "index":
                return None if here is None else Known(operators.item(node["value"])(here.value))
            case "comparator":
                return self._compared(node, here)
            case "and_expression" | "or_expression" | "not_expression":
                return self._logic(kind, children, here)
            case "function_expression":
                return self._called(node["value"], [self.of(child, here) for child in children])
        if kind in _OF_LISTS:
            items = self.of(children[0], here)
            return NULL if items is not None and not isinstance(items.value, list) else None
        return None

    def _compared(self, node: Ast, here: Known | None) -> Known | None:
        left, right = (self.of(child, here) for child in node["children"])
        if left is None or right is None:
            return None
        compare = operators.comparison(node["value"], operators.constant(left.value), operators.constant(right.value))
        return Known(compare(None))

    def _logic(self, kind: str, children: Any, here: Known | None) -> Known | None:
        left = self.of(children[0], here)
        if left is None:
            return None
        is_false = operators.is_false(left.value)
        if kind == "not_expression":
            return Known(is_false)
        return left if is_false == (kind == "and_expression") else self.of(children[1], here)

    @staticmethod
    def _called(name: str, arguments: list[Known | None]) -> Known | None:
        values = [argument.value for argument in arguments if argument is not None]
        if len(values) < len(arguments):
            return None
        return Known((CALLEES[name].run if name in CALLEES else standard(name))(*values))


def first_place(node: Ast, slots: Mapping[str, int]) -> Place | None:
    """Give the member of a root that a path begins with."""
    if node["type"] != "subexpression":
        return None
    first, second = node["children"][:2]
    if first["type"] != "field" or second["type"] != "field":
        return None
    return slots[first["value"]], second["value"]


def places_in(tree: Ast, slots: Mapping[str, int]) -> Iterator[Place]:
    """Give the members of roots that an expression reads."""
    place = first_place(tree, slots)
    if place is not None:
        yield place
    children = tree["children"]
    if tree["type"] in BEGUN:
        children = children[:1]
    for child in children:
        if isinstance(child, Mapping):
            yield from places_in(child, slots)
