"""The shape of a conversation after decoding: who speaks when, and in which order within a turn."""

from collections.abc import Collection, Iterable
from typing import Any

from .carriers import detach, has_carrier

Part = dict[str, Any]
Turn = dict[str, Any]
Request = dict[str, Any]

_MAY_SAY_NOTHING = frozenset({"text", "refusal", "reasoning"})
_STAYS_AMONG_CALLS = frozenset({"tool_call", "reasoning", "native"})


def shape_turns(request: Request, runs: Collection[str] = ()) -> Request:
    """Return the request in canonical shape; parts are shared with the original, never changed.

    Carriers give their values back, leading system turns move to `system`, parts and turns without content vanish,
    neighbours with one role and name become one turn, parts of one run (of the kinds `runs`) one part, results open a
    turn and calls close it.
    """
    turns = [_cleaned(turn) for turn in request.get("turns") or ()]
    leading = 0
    system = list(request.get("system") or ())
    for turn in turns:
        if turn["role"] != "system" or any(part["kind"] != "text" for part in turn["parts"]):
            break
        system.extend(turn["parts"])
        leading += 1
    merged = merge_neighbours(turns[leading:])
    if runs:
        merged = [_joined(turn, runs) if turn["role"] == "assistant" else turn for turn in merged]
    shaped = {**request, "turns": [_ordered(turn) for turn in merged]}
    system = drop_empty(system)
    if system:
        shaped["system"] = system
    else:
        shaped.pop("system", None)
    return shaped


def merge_neighbours(turns: Iterable[Turn], *, across_names: bool = False) -> list[Turn]:
    """Join turns that follow each other with one role and one name (or any name), and leave out turns without parts."""
    merged: list[Turn] = []
    role = name = None
    joined: list[Part] | None = None  # the parts of the last turn, once it is one of our own making
    for turn in turns:
        if not turn["parts"]:
            continue
        if turn["role"] == role and (across_names or turn.get("name") == name):
            if joined is None:
                joined = list(merged[-1]["parts"])
                merged[-1] = {**merged[-1], "parts": joined}
            joined.extend(turn["parts"])
        else:
            merged.append(turn)
            role, name, joined = turn["role"], turn.get("name"), None
    return merged


def _joined(turn: Turn, kinds: Collection[str]) -> Turn:
    return {**turn, "parts": join_runs(turn["parts"], kinds)}


def join_runs(parts: list[Part], kinds: Collection[str]) -> list[Part]:
    """Join parts of one kind that follow each other, as a client keeps the pieces of a stream.

    A signature ends its run.
    """
    joined: list[Part] = []
    for part in parts:
        before = joined[-1] if joined else {}
        if part["kind"] in kinds and "text" in part and _goes_on(before, part):
            joined[-1] = {**before, **part, "text": before["text"] + part["text"]}
        else:
            joined.append(part)
    return joined


def drop_empty(parts: list[Part], *, blank: bool = False) -> list[Part]:
    """Leave out text without text, also inside results; `blank` counts white space as nothing.

    A cache mark on such a part moves to the part before it. Text that is only a signature stays. Parts of which
    nothing is left out are returned as they are.
    """
    if _all_say_something(parts, blank):
        return parts
    kept: list[Part] = []
    changed = False
    for part in parts:
        kind = part["kind"]
        if kind == "tool_result":
            rest = drop_empty(part["parts"], blank=blank)
            if rest is not part["parts"]:
                part, changed = {**part, "parts": rest}, True
        elif kind in _MAY_SAY_NOTHING and _says_nothing(part, blank):
            changed = True
            if "cache" in part and kept:
                kept[-1] = {**kept[-1], "cache": part["cache"]}
            continue
        kept.append(part)
    return kept if changed else parts


def _all_say_something(parts: list[Part], blank: bool) -> bool:
    for part in parts:
        kind = part["kind"]
        if kind == "tool_result":
            if not _all_say_something(part["parts"], blank):
                return False
        elif kind in _MAY_SAY_NOTHING:
            text = part.get("text")
            if (not text or (blank and text.isspace())) and _says_nothing(part, blank):
                return False
    return True


def results_first(parts: list[Part]) -> list[Part]:
    """Move results before everything else, each group in its own order."""
    if len(parts) < 2:
        return parts
    results = [part for part in parts if part["kind"] == "tool_result"]
    if not results or parts[: len(results)] == results:
        return parts
    return results + [part for part in parts if part["kind"] != "tool_result"]


def calls_last(parts: list[Part]) -> list[Part]:
    """Move what stands behind the first call before it; reasoning and native parts keep their place among calls."""
    first = None
    for place, part in enumerate(parts):
        kind = part["kind"]
        if first is None:
            first = place if kind == "tool_call" else None
        elif kind not in _STAYS_AMONG_CALLS:
            return _before_calls(parts, first)
    return parts


def _before_calls(parts: list[Part], first: int) -> list[Part]:
    behind = parts[first:]
    moved = [part for part in behind if part["kind"] not in _STAYS_AMONG_CALLS]
    return [*parts[:first], *moved, *(part for part in behind if part["kind"] in _STAYS_AMONG_CALLS)]


def _cleaned(turn: Turn) -> Turn:
    parts = turn.get("parts") or []
    if turn["role"] == "assistant" and has_carrier(parts):
        parts = detach(parts)
    return with_parts(turn, drop_empty(parts))


def _ordered(turn: Turn) -> Turn:
    role = turn["role"]
    if len(turn["parts"]) < 2:
        return turn
    if role == "assistant":
        return with_parts(turn, calls_last(turn["parts"]))
    return with_parts(turn, results_first(turn["parts"])) if role == "user" else turn


def with_parts(turn: Turn, parts: list[Part]) -> Turn:
    """Give a turn with these parts: itself, if they are its own."""
    return turn if parts is turn.get("parts") else {**turn, "parts": parts}


def _says_nothing(part: Part, blank: bool) -> bool:
    text = part.get("text")
    if text and not (blank and part["kind"] == "text" and text.isspace()):
        return False
    return not (part.get("signature") or part.get("redacted"))


def _goes_on(before: Part, part: Part) -> bool:
    """Whether `part` continues the part before it: that one is not signed, and says nothing else of itself."""
    said = {name: value for name, value in before.items() if name != "text"}
    return "text" in before and "signature" not in before and said.items() <= part.items()
