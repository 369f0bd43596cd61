"""Token counts in the inclusive form.

`input` counts cached tokens, `output` counts reasoning, `cache_write` counts what is kept long (`cache_write_long`).
"""

from collections.abc import Mapping
from typing import Any


def merge_counters(known: Mapping[str, Any] | None, news: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return `known` overlaid with what `news` says; null and 0 never overwrite, objects merge member by member."""
    merged = dict(known) if known else {}
    for name, value in (news or {}).items():
        # Counts are nearly all ints, and for one of these asking an abstract class costs more than all the rest.
        if type(value) is not int and isinstance(value, Mapping):
            old = merged.get(name)
            merged[name] = merge_counters(old if isinstance(old, Mapping) else None, value)
        elif value is not None and (value or name not in merged):
            merged[name] = value
    return merged


def total(usage: Mapping[str, Any]) -> int:
    """All tokens of an exchange."""
    return count(usage, "input") + count(usage, "output")


def uncached_input(usage: Mapping[str, Any]) -> int:
    """Input tokens that were neither read from a cache nor written to one, never below 0."""
    return max(0, count(usage, "input") - count(usage, "cache_read") - count(usage, "cache_write"))


def visible_output(usage: Mapping[str, Any]) -> int:
    """Output tokens that are no reasoning, never below 0."""
    return max(0, count(usage, "output") - count(usage, "reasoning"))


def count(usage: Mapping[str, Any], name: str) -> int:
    """One counter, 0 when absent."""
    value = usage.get(name)
    return int(value) if value else 0


def violations(usage: Mapping[str, Any]) -> list[str]:
    """Name every rule of the inclusive form that the counters break; an empty list means sound."""
    found = [f"{name} is negative" for name in usage if name != "native" and count(usage, name) < 0]
    if count(usage, "cache_read") + count(usage, "cache_write") > count(usage, "input"):
        found.append("cached tokens exceed input")
    if count(usage, "cache_write_long") > count(usage, "cache_write"):
        found.append("cache_write_long exceeds cache_write")
    if count(usage, "reasoning") > count(usage, "output"):
        found.append("reasoning exceeds output")
    return found
