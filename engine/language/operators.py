"""The closures that expressions are made of; each takes one value (or a frame) and gives one value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Fn = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Callee:
    """A function that mappings may call, with how many arguments it takes (`most` None: any number)."""

    run: Callable[..., Any]
    least: int
    most: int | None


_EMPTY_IS_FALSE = (str, list, dict)


def is_false(value: Any) -> bool:
    """Tell whether a value counts as false: null, false, or an empty text, list or object. Zero is true."""
    return not value and (value is None or value is False or isinstance(value, _EMPTY_IS_FALSE))


def same(value: Any) -> Any:
    """Give the value itself."""
    return value


def root(slot: int) -> Fn:
    """Read a slot of the frame."""
    return operator.itemgetter(slot)


def constant(value: Any) -> Fn:
    """Give the same value always."""

    def read(_value: Any) -> Any:
        return value

    read.constant = value  # type: ignore[attr-defined]
    return read


def member(name: str) -> Fn:
    """Read a member of an object; null of anything else."""

    def read(value: Any) -> Any:
        return value.get(name) if type(value) is dict else None

    read.member = name  # type: ignore[attr-defined]
    return read


def item(index: int) -> Fn:
    """Read an item of a list; null when there is none."""

    def read(value: Any) -> Any:
        if not isinstance(value, list) or not -len(value) <= index < len(value):
            return None
        return value[index]

    return read


def section(part: slice) -> Fn:
    """Read a section of a list."""
    return lambda value: value[part] if isinstance(value, list) else None


def chain(steps: Sequence[Fn]) -> Fn:
    """Feed each step with the result of the one before."""
    first, *others = steps
    names = [getattr(step, "member", None) for step in others]
    if len(others) == 1:
        return _one_member(first, names[0]) if names[0] is not None else _two_steps(first, others[0])
    if all(name is not None for name in names):
        return _members(first, tuple(name for name in names if name is not None))
    return _steps(first, tuple(others))


def _one_member(first: Fn, name: str) -> Fn:
    if isinstance(first, operator.itemgetter):  # of a root, which most are
        slot = first.__reduce__()[1][0]

        def read_slot(frame: Any) -> Any:
            found = frame[slot]
            return found.get(name) if type(found) is dict else None

        return read_slot

    def read(value: Any) -> Any:
        found = first(value)
        return found.get(name) if type(found) is dict else None

    return read


def _two_steps(first: Fn, second: Fn) -> Fn:
    return lambda value: second(first(value))


def _members(first: Fn, names: tuple[str, ...]) -> Fn:
    def read(value: Any) -> Any:
        found = first(value)
        for name in names:
            if type(found) is not dict:
                return None
            found = found.get(name)
        return found

    return read


def _steps(first: Fn, others: tuple[Fn, ...]) -> Fn:
    def read(value: Any) -> Any:
        found = first(value)
        for step in others:
            found = step(found)
        return found

    return read


def projection(left: Fn, right: Fn) -> Fn:
    """Apply `right` to every item of a list, leaving out nulls."""

    def read(value: Any) -> Any:
        items = left(value)
        if not isinstance(items, list):
            return None
        return [found for found in map(right, items) if found is not None]

    return read


def value_projection(left: Fn, right: Fn) -> Fn:
    """Apply `right` to every member's value of an object, leaving out nulls."""

    def read(value: Any) -> Any:
        found = left(value)
        if not isinstance(found, dict):
            return None
        return [result for result in map(right, found.values()) if result is not None]

    return read


def filter_projection(left: Fn, right: Fn, condition: Fn) -> Fn:
    """Apply `right` to the items of a list for which the condition holds."""

    def read(value: Any) -> Any:
        items = left(value)
        if not isinstance(items, list):
            return None
        kept = [right(item) for item in items if not is_false(condition(item))]
        return [found for found in kept if found is not None]

    return read


def flatten(left: Fn) -> Fn:
    """Open the lists inside a list, one level."""
    return lambda value: opened(left(value))


def opened(items: Any) -> list[Any] | None:
    """Give a list in which the lists of another are opened, one level; null of anything else."""
    if not isinstance(items, list):
        return None
    flat: list[Any] = []
    for item in items:
        if isinstance(item, list):
            flat.extend(item)
        else:
            flat.append(item)
    return flat


def either(left: Fn, right: Fn) -> Fn:
    """Give the left value unless it counts as false."""

    def read(value: Any) -> Any:
        found = left(value)
        return found if found or not is_false(found) else right(value)

    return read


def both(left: Fn, right: Fn) -> Fn:
    """Give the right value if the left one counts as true."""

    def read(value: Any) -> Any:
        found = left(value)
        return right(value) if found or not is_false(found) else found

    return read


def negation(inner: Fn) -> Fn:
    """Give whether a value counts as false."""
    return lambda value: is_false(inner(value))


def make_list(members: Sequence[Fn]) -> Fn:
    """Collect values in a list; null of null."""
    return lambda value: None if value is None else [member(value) for member in members]


def make_object(members: Sequence[tuple[str, Fn]]) -> Fn:
    """Collect values in an object; null of null."""
    return lambda value: None if value is None else {name: member(value) for name, member in members}


def call(run: Callable[..., Any], arguments: Sequence[Fn]) -> Fn:
    """Call a function with evaluated arguments."""
    if len(arguments) == 1:
        only = arguments[0]
        return lambda value: run(only(value))
    if len(arguments) == 2:
        first, second = arguments
        return lambda value: run(first(value), second(value))
    if len(arguments) == 3:
        first, second, third = arguments
        return lambda value: run(first(value), second(value), third(value))
    return lambda value: run(*[argument(value) for argument in arguments])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_ordered(left: Any, right: Any) -> bool:
    """Tell whether two values have an order: two numbers, or two texts."""
    if type(left) is int:  # as mostly
        return type(right) is int or _is_number(right)
    return (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str))


def equal(left: Any, right: Any) -> bool:
    """Compare two values; 0 and 1 are never false and true."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _equality(left: Fn, right: Fn, *, wanted: bool) -> Fn:
    text = getattr(right, "constant", None)
    if isinstance(text, str):  # which equals nothing else
        if wanted:
            return lambda value: left(value) == text
        return lambda value: left(value) != text
    if wanted:
        return lambda value: equal(left(value), right(value))
    return lambda value: not equal(left(value), right(value))


_ORDER = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}


def comparison(name: str, left: Fn, right: Fn) -> Fn:
    """Compare two values; an order needs two numbers or two texts and is null otherwise."""
    if name in {"eq", "ne"}:
        return _equality(left, right, wanted=name == "eq")
    order = _ORDER[name]

    def compare(value: Any) -> Any:
        a, b = left(value), right(value)
        return order(a, b) if is_ordered(a, b) else None

    return compare
