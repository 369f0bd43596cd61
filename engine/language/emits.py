"""What kinds of events a rule can emit, as far as they are written out."""

from __future__ import annotations

from typing import Any

_KIND = "type"
_INSIDE = ("$value", "$splice", "$else")
_CHOICES = ("$first", "$case")
_UNKNOWN = ("$use", "$lookup")


def kinds_of(emit: Any) -> frozenset[str] | None:
    """Give the kinds of the events that an `emit` can make; nothing when one of them is not written out."""
    if isinstance(emit, list):
        return _all(emit)
    if not isinstance(emit, dict) or any(word in emit for word in _UNKNOWN):
        return None
    if "$merge" in emit:  # the last one wins, and it is there whenever there is an event
        last = emit["$merge"][-1] if isinstance(emit["$merge"], list) and emit["$merge"] else None
        return kinds_of(last) if isinstance(last, dict) and "$when" not in last else None
    inside = [emit[word] for word in _INSIDE if word in emit]
    for word in _CHOICES:
        choices = emit.get(word, ())
        inside += choices.values() if isinstance(choices, dict) else choices
    if inside:
        return _all(inside)
    kind = emit.get(_KIND)
    if not isinstance(kind, str) or kind.startswith("=") or "{" in kind:
        return None
    return frozenset({kind})


def _all(entries: list[Any]) -> frozenset[str] | None:
    found = [kinds_of(entry) for entry in entries]
    return None if None in found else frozenset().union(*(kinds for kinds in found if kinds is not None))
