"""Numbers: sums that pass over what is missing, bounds, steps, counters."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

from .registry import Registry

REGISTRY = Registry("numbers")
_HUGE = 1e150
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def is_number(value: Any) -> bool:
    """Tell whether a value is a number; true and false are not."""
    kind = type(value)
    return kind is int or kind is float or (isinstance(value, int | float) and not isinstance(value, bool))


@REGISTRY.add(("add(1, null, 2)", 3), ("add(null)", None))
def add(*numbers: Any) -> float | None:
    """Add numbers; nulls are passed over, null if all are."""
    given = [number for number in numbers if type(number) is int or is_number(number)]
    return sum(given) if given else None


@REGISTRY.add(("sub(5, 2, null)", 3), ("sub(1, 2)", 0), ("sub(null, 2)", None))
def sub(number: Any, *others: Any) -> float | None:
    """Take numbers away from the first, never below 0; nulls are passed over."""
    if not is_number(number):
        return None
    left: float = number - sum(other for other in others if is_number(other))
    return max(left, 0)


@REGISTRY.add(("times(1500, 0.001)", 1.5), ("times(0.29, 100)", 29), ("times(null, 2)", None))
def times(number: Any, factor: Any) -> float | None:
    """Multiply two numbers, to nine decimals: milliseconds as seconds, a share as a percentage."""
    if not is_number(number) or not is_number(factor):
        return None
    product = round(float(number) * factor, 9) if abs(number) < _HUGE and abs(factor) < _HUGE else math.inf
    return None if math.isinf(product) else int(product) if product.is_integer() else product


@REGISTRY.add(("at_least(3, 10)", 10), ("at_least(null, 10)", None), ("at_least(3, null)", 3))
def at_least(number: Any, bound: Any) -> float | None:
    """Raise a number to a bound."""
    if not is_number(number):
        return None
    raised: float = max(number, bound) if is_number(bound) else number
    return raised


@REGISTRY.add(("at_most(30, 10)", 10), ("at_most(null, 10)", None), ("at_most(30, null)", 30))
def at_most(number: Any, bound: Any) -> float | None:
    """Lower a number to a bound."""
    if not is_number(number):
        return None
    lowered: float = min(number, bound) if is_number(bound) else number
    return lowered


@REGISTRY.add(
    ('step(5, `[[4, "low"], [8, "high"]]`, \'max\')', "high"),
    ('step(9, `[[4, "low"], [8, "high"]]`, \'max\')', "max"),
    ("step(null, `[]`, 'max')", None),
)
def step(number: Any, edges: Any, above: Any) -> Any:
    """Give the label of the first edge that a number does not pass, or `above`."""
    if not is_number(number) or not isinstance(edges, list):
        return None
    for edge in edges:
        if isinstance(edge, list) and len(edge) == 2 and is_number(edge[0]) and number <= edge[0]:
            return edge[1]
    return above


@REGISTRY.add(("whole('12')", 12), ("whole(3.0)", 3), ("whole('a')", None), ("whole(2.5)", None))
def whole(value: Any) -> int | None:
    """Give the whole number that a number or a text says; null if it says none."""
    if type(value) is int and -(2**63) < value < 2**63:
        return value
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    if is_number(value) and value == value // 1 and abs(value) < 2**63:
        return int(value)
    return None


@REGISTRY.add(
    ('merge_counters(`{"a": 1, "b": 2}`, `{"a": 5, "b": 0, "c": null}`)', {"a": 5, "b": 2}),
    ('merge_counters(null, `{"a": 1}`)', {"a": 1}),
    ("merge_counters(null, null)", None),
)
def merge_counters(before: Any, after: Any) -> dict[str, Any] | None:
    """Merge two objects of counters, at every depth; null and 0 never overwrite a value."""
    if not isinstance(after, dict):
        return before if isinstance(before, dict) else None
    merged: dict[str, Any] = dict(before) if isinstance(before, dict) else {}
    for name, value in after.items():
        if isinstance(value, dict):
            inner = merge_counters(merged.get(name), value)
            if inner is not None:
                merged[name] = inner
        elif value is not None and (value != 0 or name not in merged):
            merged[name] = value
    return merged


@REGISTRY.add(
    ("timestamp(0)", "1970-01-01T00:00:00Z"),
    ("timestamp('2026-01-31')", "2026-01-31T00:00:00Z"),
    ("timestamp('soon')", None),
)
def timestamp(value: Any) -> str | None:
    """Write seconds since 1970, or a date, as an RFC 3339 time in UTC, to the second; null if it is neither."""
    moment = _moment(value)
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z" if moment is not None else None


@REGISTRY.add(
    ("seconds('1970-01-01T00:01:00.5Z')", 60),
    ("seconds('1970-01-02')", 86400),
    ("seconds(7)", 7),
    ("seconds('soon')", None),
)
def seconds(value: Any) -> int | None:
    """Write a time, or a date, as whole seconds since 1970, what is seconds already too; null if it is neither."""
    moment = _moment(value)
    return int(moment.timestamp() // 1) if moment is not None else None


def _moment(value: Any) -> datetime | None:
    try:
        if is_number(value):
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
