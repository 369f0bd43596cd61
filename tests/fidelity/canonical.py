"""Two canonical requests held against each other: what one says and the other does not, at the places that losses name.

A place is a path without numbers; a part stands under its kind: `turns.parts.image.detail`, `tools.function.strict`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

# Members that mean the same as their absence. Model names differ between providers, and the rest is no statement.
SILENT = {
    "stream": False,
    "stream_usage": False,
    "tools.function.strict": False,
    "tool_choice.mode": "auto",
    "format.kind": "text",
    "turns.parts.tool_result.error": False,
    "parallel_tools": True,
    "sampling.n": 1,
    "sampling.presence_penalty": 0,
    "sampling.frequency_penalty": 0,
    "turns.parts.image.detail": "auto",
    "sampling.logprobs": False,
    "state.store": False,
    "state.background": False,
    "state.truncation": "disabled",
}
BYSTANDERS = {"model", "stream_usage", "native", "item_id", "kind"}


@dataclass(frozen=True, slots=True)
class Difference:
    """What was said at a place, and what is said there now; None is nothing."""

    place: str
    was: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.place}: {_short(self.was)} … {_short(self.now)}"


def differences(was: Any, now: Any) -> list[Difference]:
    """Every place where two canonical requests say something else."""
    return [found for found in _compare(was, now, "") if not _silent(found)]


def _silent(found: Difference) -> bool:
    silent = SILENT.get(found.place)
    return silent is not None and all(value is None or value == silent for value in (found.was, found.now))


def _compare(was: Any, now: Any, place: str) -> Iterator[Difference]:
    if was == now:
        return
    if isinstance(was, dict | None) and isinstance(now, dict | None) and not _whole(place):
        was, now = was or {}, now or {}
        for name in sorted({*was, *now} - BYSTANDERS):
            yield from _compare(was.get(name), now.get(name), f"{place}.{name}" if place else name)
    elif isinstance(was, list | None) and isinstance(now, list | None) and _objects([*(was or []), *(now or [])]):
        for left, right in _aligned(was or [], now or []):
            yield from _compare(left, right, _of_kind(place, left or right))
    elif _same(was, now, place):
        return
    else:
        yield Difference(place, was, now)


def _whole(place: str) -> bool:
    """Whether what stands here is somebody else's document: a schema, metadata, a tool of a vendor."""
    return place.endswith((".schema", "metadata", ".value", ".logit_bias"))


def _objects(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) for item in items)


def _of_kind(place: str, item: dict[str, Any]) -> str:
    kind = item.get("kind")
    return f"{place}.{kind}" if kind and place.rpartition(".")[2] in ("parts", "tools") else place


def _aligned(was: list[Any], now: list[Any]) -> Iterator[tuple[Any, Any]]:
    """The items of two lists side by side, by what they are; None stands where one has no counterpart."""

    def labels(items: list[Any]) -> list[str]:
        return [json.dumps([item.get("role"), item.get("kind"), item.get("name") if item.get("kind") == "function" else None]) for item in items]

    if any(item.get("kind") == "function" for item in [*was, *now]):     # tools: their order says nothing
        was, now = (sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) for items in (was, now))
        was, now = (sorted(items, key=lambda item: labels([item])[0]) for items in (was, now))
    for tag, a, b, c, d in SequenceMatcher(None, labels(was), labels(now), autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(was[a:b], now[c:d], strict=True)
        else:
            yield from ((item, None) for item in was[a:b])
            yield from ((None, item) for item in now[c:d])


def _same(was: Any, now: Any, place: str) -> bool:
    """Whether two values mean the same though they are written differently."""
    if place.endswith(".arguments") and isinstance(was, str) and isinstance(now, str):
        return _parsed(was) == _parsed(now)
    if isinstance(was, int | float) and isinstance(now, int | float):
        return float(was) == float(now)
    return was in (None, "", [], {}) and now in (None, "", [], {})


def _parsed(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"
