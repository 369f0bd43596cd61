"""The shape of a conversation after decoding: who speaks when, and in which order within a turn."""

from collections.abc import Iterable
from typing import Any

from .carriers import detach, has_carrier

Part = dict[str, Any]
Turn = dict[str, Any]
Request = dict[str, Any]

_STAYS_AMONG_CALLS = frozenset({"tool_call", "reasoning", "native"})


def shape_turns(request: Request) -> Request:
    """Return the request in canonical shape; parts are shared with the original, never changed.

    Carriers give their values back, leading system turns move to `system`, parts and turns without content vanish,
    neighbours with one role and name become one turn, results open a turn and calls close it.
    """
    turns = [_cleaned(turn) for turn in request.get("turns") or ()]
    leading = 0
    system = list(request.get("system") or ())
    for turn in turns:
        if turn["role"] != "system" or any(part["kind"] != "text" for part in turn["parts"]):
            break
        system.extend(turn["parts"])
        leading += 1
    shaped = {**request, "turns": [_ordered(turn) for turn in merge_neighbours(turns[leading:])]}
    system = drop_empty(system)
    if system:
        shaped["system"] = system
    else:
        shaped.pop("system", None)
    return shaped


def merge_neighbours(turns: Iterable[Turn], *, across_names: bool = False) -> list[Turn]:
    """Join turns that follow each other with one role and one name (or any name), and leave out turns without parts."""
    merged: list[Turn] = []
    for turn in turns:
        if not turn["parts"]:
            continue
        last = merged[-1] if merged else None
        same = last is not None and last["role"] == turn["role"]
        if last is not None and same and (across_names or last.get("name") == turn.get("name")):
            merged[-1] = {**last, "parts": [*last["parts"], *turn["parts"]]}
        else:
            merged.append(turn)
    return merged


def drop_empty(parts: list[Part], *, blank: bool = False) -> list[Part]:
    """Leave out text without text, also inside results; `blank` counts white space as nothing.

    A cache mark on such a part moves to the part before it. Text that is only a signature stays.
    """
    kept: list[Part] = []
    for part in parts:
        kind = part["kind"]
        if kind == "tool_result":
            inner = part["parts"]
            rest = drop_empty(inner, blank=blank)
            if len(rest) != len(inner):
                part = {**part, "parts": rest}
        elif _says_nothing(part, kind, blank):
            if "cache" in part and kept:
                kept[-1] = {**kept[-1], "cache": part["cache"]}
            continue
        kept.append(part)
    return kept


def results_first(parts: list[Part]) -> list[Part]:
    """Move results before everything else, each group in its own order."""
    results = [part for part in parts if part["kind"] == "tool_result"]
    if not results or parts[: len(results)] == results:
        return parts
    return results + [part for part in parts if part["kind"] != "tool_result"]


def calls_last(parts: list[Part]) -> list[Part]:
    """Move what stands behind the first call before it; reasoning and native parts keep their place among calls."""
    first = next((place for place, part in enumerate(parts) if part["kind"] == "tool_call"), len(parts))
    behind = parts[first:]
    moved = [part for part in behind if part["kind"] not in _STAYS_AMONG_CALLS]
    if not moved:
        return parts
    return [*parts[:first], *moved, *(part for part in behind if part["kind"] in _STAYS_AMONG_CALLS)]


def _cleaned(turn: Turn) -> Turn:
    parts = turn.get("parts") or []
    if turn["role"] == "assistant" and has_carrier(parts):
        parts = detach(parts)
    return {**turn, "parts": drop_empty(parts)}


def _ordered(turn: Turn) -> Turn:
    order = {"assistant": calls_last, "user": results_first}.get(turn["role"])
    return {**turn, "parts": order(turn["parts"])} if order else turn


def _says_nothing(part: Part, kind: str, blank: bool) -> bool:
    if kind not in ("text", "refusal", "reasoning"):
        return False
    text = part.get("text", "")
    if kind == "text" and blank:
        text = text.strip()
    return not (text or part.get("signature") or part.get("redacted"))
