"""Values of any type: presence, lists, objects."""

from __future__ import annotations

from typing import Any

from ..operators import equal
from .registry import Registry

REGISTRY = Registry("values")


def is_empty(value: Any) -> bool:
    """Tell whether a value is null, an empty text, an empty list or an empty object."""
    return value is None or (isinstance(value, str | list | dict) and not value)


@REGISTRY.add(("first_of(null, '', 'a')", "a"), ("first_of(`[]`, `{}`)", None), ("first_of(null, 0)", 0), reads="any")
def first_of(*values: Any) -> Any:
    """Give the first value that is not null, empty text, an empty list or an empty object."""
    for value in values:
        if value or not is_empty(value):
            return value
    return None


@REGISTRY.add(
    ("non_empty(0)", None),
    ("non_empty('')", None),
    ("non_empty(`[]`)", None),
    ("non_empty(7)", 7),
    reads="any",
    inline="{0} or None",
)
def non_empty(value: Any) -> Any:
    """Give the value, or null when it is 0, false or empty."""
    return value or None


@REGISTRY.add(
    ("exists(0)", True), ("exists(null)", False), ("exists('')", True), reads="presence", inline="{0} is not None"
)
def exists(value: Any) -> bool:
    """Tell whether a value is there, that is, not null."""
    return value is not None


@REGISTRY.add(("is_text('a')", True), ("is_text(1)", False), reads="presence", inline="isinstance({0}, str)")
def is_text(value: Any) -> bool:
    """Tell whether a value is text."""
    return isinstance(value, str)


@REGISTRY.add(("is_list(`[1]`)", True), ("is_list('a')", False), reads="presence", inline="isinstance({0}, list)")
def is_list(value: Any) -> bool:
    """Tell whether a value is a list."""
    return isinstance(value, list)


@REGISTRY.add(("is_object(`{}`)", True), ("is_object(`[]`)", False), reads="presence", inline="isinstance({0}, dict)")
def is_object(value: Any) -> bool:
    """Tell whether a value is an object."""
    return isinstance(value, dict)


@REGISTRY.add(
    ("text_only('a')", "a"), ("text_only(1)", None), reads="text", inline="{0} if isinstance({0}, str) else None"
)
def text_only(value: Any) -> str | None:
    """Give the value if it is text, else null."""
    return value if isinstance(value, str) else None


@REGISTRY.add(("number_only(1.5)", 1.5), ("number_only('1')", None), ("number_only(true)", None))
def number_only(value: Any) -> float | None:
    """Give the value if it is a number, else null."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@REGISTRY.add(
    ("list_only(`[1]`)", [1]), ("list_only('a')", None), reads="any", inline="{0} if isinstance({0}, list) else None"
)
def list_only(value: Any) -> list[Any] | None:
    """Give the value if it is a list, else null."""
    return value if isinstance(value, list) else None


@REGISTRY.add(
    ('object_only(`{"a": 1}`)', {"a": 1}),
    ("object_only('a')", None),
    reads="any",
    inline="{0} if isinstance({0}, dict) else None",
)
def object_only(value: Any) -> dict[str, Any] | None:
    """Give the value if it is an object, else null."""
    return value if isinstance(value, dict) else None


@REGISTRY.add(
    ("as_list('a')", ["a"]),
    ("as_list(`[1]`)", [1]),
    ("as_list(null)", None),
    reads="any",
    inline="{0} if {0} is None or isinstance({0}, list) else [{0}]",
)
def as_list(value: Any) -> list[Any] | None:
    """Give a list as it is, anything else as a list of one, null as null."""
    return value if value is None or isinstance(value, list) else [value]


@REGISTRY.add(
    ("count(`[1, 2]`)", 2),
    ("count('abc')", 3),
    ("count(null)", 0),
    reads="presence",
    inline="len({0}) if isinstance({0}, (str, list, dict)) else 0",
)
def count(value: Any) -> int:
    """Count items, members or characters; 0 for anything else."""
    return len(value) if isinstance(value, str | list | dict) else 0


@REGISTRY.add(
    ("has(`[\"a\"]`, 'a')", True),
    ("has('abc', 'b')", True),
    ("has(null, 'a')", False),
    inline="{1} in {0} if type({1}) is str and isinstance({0}, (list, str, dict)) else {run}({0}, {1})",
)
def has(container: Any, wanted: Any) -> bool:
    """Tell whether a list holds a value, a text holds a text, or an object holds a member."""
    if isinstance(container, list):
        return any(equal(item, wanted) for item in container)
    if isinstance(container, str | dict) and isinstance(wanted, str):
        return wanted in container
    return False


@REGISTRY.add(('combine(`{"a": 1}`, null, `{"b": 2}`)', {"a": 1, "b": 2}), ("combine(null)", None))
def combine(*objects: Any) -> dict[str, Any] | None:
    """Merge objects, later ones winning; what is no object is passed over, null if none is left."""
    merged: dict[str, Any] = {}
    for value in objects:
        if isinstance(value, dict):
            merged.update(value)
    return merged or None


@REGISTRY.add(('pick(`{"a": 1, "b": 2}`, \'a\')', {"a": 1}), ("pick(null, 'a')", None), reads="named")
def pick(value: Any, *names: Any) -> dict[str, Any] | None:
    """Give an object with only the named members; null if none is there."""
    if not isinstance(value, dict):
        return None
    return {name: value[name] for name in names if isinstance(name, str) and name in value} or None


@REGISTRY.add(
    ('omit(`{"a": 1, "b": 2}`, \'a\')', {"b": 2}),
    ('omit(`{"a": 1, "b": 2, "c": 3}`, `["a", "b"]`)', {"c": 3}),
    ("omit(null, 'a')", None),
    reads="first",
)
def omit(value: Any, *names: Any) -> dict[str, Any] | None:
    """Give an object without the members that are named, one by one or in lists; null if none is left."""
    if not isinstance(value, dict):
        return None
    listed = (name for each in names for name in (each if isinstance(each, list) else [each]))
    unwanted = {name for name in listed if isinstance(name, str)}
    if unwanted.isdisjoint(value):
        return value or None
    return {name: member for name, member in value.items() if name not in unwanted} or None


@REGISTRY.add(('entries(`{"a": 1}`)', [{"key": "a", "value": 1}]), ("entries(null)", None))
def entries(value: Any) -> list[dict[str, Any]] | None:
    """Give an object's members as a list of `{key, value}`."""
    return [{"key": key, "value": member} for key, member in value.items()] if isinstance(value, dict) else None


@REGISTRY.add(
    ('object_of(`[{"key": "a", "value": 1}]`)', {"a": 1}),
    ('object_of(`[{"key": 1, "value": 1}, {"key": "a"}]`)', None),
    ("object_of(null)", None),
)
def object_of(items: Any) -> dict[str, Any] | None:
    """Make an object of a list of `{key, value}`, later ones winning; what lacks either is passed over."""
    pairs = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    made = {key: pair["value"] for pair in pairs if isinstance(key := pair.get("key"), str) and "value" in pair}
    return made or None


@REGISTRY.add(('compact(`[1, null, ""]`)', [1, ""]), ("compact(null)", None))
def compact(value: Any) -> list[Any] | None:
    """Give a list without its nulls."""
    return [item for item in value if item is not None] if isinstance(value, list) else None


@REGISTRY.add(("joined(`[1]`, null, `[2]`)", [1, 2]), ("joined(null)", None))
def joined(*lists: Any) -> list[Any] | None:
    """Put lists one after the other; what is no list is passed over, null if nothing is left."""
    return [item for value in lists if isinstance(value, list) for item in value] or None


@REGISTRY.add(
    ('runs(`["a", "a", "b"]`)', [{"value": "a", "start": 0, "end": 2}, {"value": "b", "start": 2, "end": 3}]),
    ("runs(`[1]`)", [{"value": 1, "start": 0, "end": 1}]),
    ("runs(`[]`)", []),
    ("runs(null)", None),
)
def runs(items: Any) -> list[dict[str, Any]] | None:
    """Find the runs of equal neighbours in a list: their value, and the places where each starts and ends."""
    if not isinstance(items, list):
        return None
    if len(items) == 1:
        return [{"value": items[0], "start": 0, "end": 1}]
    starts = [place for place, item in enumerate(items) if place == 0 or not equal(item, items[place - 1])]
    return [
        {"value": items[start], "start": start, "end": end}
        for start, end in zip(starts, [*starts[1:], len(items)], strict=bool(items))
    ]


@REGISTRY.add(
    ("section(`[1, 2, 3]`, 1, 3)", [2, 3]),
    ("section(`[1, 2]`, 1, null)", [2]),
    ("section(null, 0, 1)", None),
    reads="any",
)
def section(items: Any, start: Any, end: Any) -> list[Any] | None:
    """Give the items of a list from a place on, up to another place or, where that is null, to the end."""
    if not isinstance(items, list):
        return None
    return items[start if isinstance(start, int) else None : end if isinstance(end, int) else None]
