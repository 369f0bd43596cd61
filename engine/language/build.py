"""The closures that shapes are made of; each takes a frame (a list of values) and gives a value, null for nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import operators
from .functions.json import dumps
from .functions.values import is_empty
from .operators import is_false

Fn = Callable[[Any], Any]


class _WrittenNull:
    """Stands for a null that is written out, until a mapping or list takes it in."""

    __slots__ = ()


WRITTEN_NULL = _WrittenNull()


def NULL_RUN(_frame: Any) -> None:  # noqa: N802 - a constant that happens to be a function
    """Give nothing."""
    return


def plain(value: Any) -> Any:
    """Give a value without the mark of a written null."""
    return None if value is WRITTEN_NULL else value


def constant(value: Any) -> Fn:
    """Give a scalar as written."""
    return operators.constant(WRITTEN_NULL if value is None else value)


def make_object(members: Sequence[tuple[str, Fn, bool]]) -> Fn:
    """Collect members (name, run, whether a null stays); nothing when all of them vanish."""
    if not members:
        return lambda _frame: {}
    # What is written out at the beginning is copied as a whole.
    count = next((at for at, (_, member, _) in enumerate(members) if not _is_written(member)), len(members))
    written = {name: plain(member(None)) for name, member, _ in members[:count]}
    runs = tuple(members[count:])

    def run(frame: Any) -> Any:
        made: dict[str, Any] = written.copy()
        for name, member, stays in runs:
            value = member(frame)
            if value is None:
                if stays:
                    made[name] = None
            else:
                made[name] = None if value is WRITTEN_NULL else value
        return made or None

    return run


def _is_written(member: Fn) -> bool:
    return getattr(member, "constant", None) is not None


def make_list(entries: Sequence[tuple[Fn, bool]]) -> Fn:
    """Collect entries (run, whether its list is opened); nothing when there were some and all vanish."""
    if not entries:
        return lambda _frame: []

    def run(frame: Any) -> Any:
        made: list[Any] = []
        for entry, opens in entries:
            value = entry(frame)
            if value is None:
                continue
            if opens and isinstance(value, list):
                made.extend(value)
            else:
                made.append(None if value is WRITTEN_NULL else value)
        return made or None

    return run


def each(source: Fn, slot: int, index_slot: int, condition: Fn | None, body: Fn, *, opens: bool) -> Fn:
    """Run a body for each item of a list; nothing when there is none."""

    def run(frame: Any) -> Any:
        items = source(frame)
        if not isinstance(items, list):
            return None
        made: list[Any] = []
        for index, item in enumerate(items):
            frame[slot] = item
            frame[index_slot] = index
            if condition is not None:
                holds = condition(frame)
                if not holds and is_false(holds):
                    continue
            value = body(frame)
            if value is None:
                continue
            if opens and isinstance(value, list):
                made.extend(value)
            else:
                made.append(None if value is WRITTEN_NULL else value)
        return made or None

    return run


def guarded(bindings: Sequence[tuple[int, Fn]], condition: Fn | None, body: Fn) -> Fn:
    """Bind names, then run the body if the condition holds."""
    if not bindings and condition is None:
        return body
    if not bindings and condition is not None:

        def run_if(frame: Any) -> Any:
            holds = condition(frame)
            return body(frame) if holds or not is_false(holds) else None

        return run_if
    bound = tuple(bindings)

    def run(frame: Any) -> Any:
        for slot, read in bound:
            value = read(frame)
            frame[slot] = None if value is WRITTEN_NULL else value
        if condition is not None:
            holds = condition(frame)
            if not holds and is_false(holds):
                return None
        return body(frame)

    return run


def merge(objects: Sequence[Fn]) -> Fn:
    """Merge objects, later ones winning; nothing when all of them vanish."""

    def run(frame: Any) -> Any:
        made: dict[str, Any] = {}
        for part in objects:
            value = part(frame)
            if isinstance(value, dict):
                made.update(value)
        return made or None

    return run


def first(choices: Sequence[tuple[Fn, bool]]) -> Fn:
    """Give the first value that is not empty; one that is written out counts even when empty."""

    def run(frame: Any) -> Any:
        for choice, literal in choices:
            value = choice(frame)
            if value or (value is not None and (literal or not is_empty(value))):
                return value
        return None

    return run


def label(value: Any) -> str:
    """Give the label that a selector's value stands for."""
    return value if isinstance(value, str) else dumps(value)


def switch(selector: Fn, cases: Mapping[str, Fn], otherwise: Fn | None) -> Fn:
    """Run the case that a value names."""
    fallback = otherwise or NULL_RUN

    def run(frame: Any) -> Any:
        value = selector(frame)
        chosen: Fn = cases.get(value if type(value) is str else label(value), fallback)
        return chosen(frame)

    return run


def lookup(key: Fn, table: Mapping[str, Any], otherwise: Fn | None) -> Fn:
    """Give what a table says of a value, be it null; nothing for null."""
    missing = object()

    def run(frame: Any) -> Any:
        value = key(frame)
        if value is None:
            return None
        found = table.get(value if type(value) is str else label(value), missing)
        if found is missing:
            return otherwise(frame) if otherwise is not None else None
        return found

    return run
