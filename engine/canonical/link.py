"""Calls and their results find each other: ids for calls without one, names for results."""

from collections import deque
from typing import Any

from .settle import derive_id
from .turns import with_parts

Part = dict[str, Any]
Turn = dict[str, Any]
Request = dict[str, Any]


def link(request: Request) -> Request:
    """Return the request with an id on every call and result, unique among calls, and the call's name on results.

    A result belongs to the call with its id; one without id to the first unanswered call of its name, where calls
    of the turn before come first. A result that belongs to nothing keeps what it says: see `arrange`.
    """
    turns: list[Turn] = request["turns"]
    calls = _Calls()
    return {**request, "turns": [calls.read(number, turn) for number, turn in enumerate(turns)]}


class _Calls:
    """The calls met so far, in order."""

    def __init__(self) -> None:
        self._calls: list[tuple[int, Part]] = []  # with their turns; of those that are needed:
        self._by_name: dict[str, dict[int, deque[Part]]] = {}  # name, turn, the calls in order
        self._answered: set[int] = set()  # identities of calls
        self._by_id: dict[str, Part] = {}  # the latest call under the id the client knows
        self._taken: set[str] = set()

    def read(self, number: int, turn: Turn) -> Turn:
        parts: list[Part] = turn["parts"]
        for place, part in enumerate(turn["parts"]):
            kind = part["kind"]
            if kind == "tool_call":
                linked = self._call(part, number, place)
            elif kind == "tool_result":
                linked = self._result(part, number, place)
            else:
                continue
            if linked is not part:
                parts = list(parts) if parts is turn["parts"] else parts
                parts[place] = linked
        return with_parts(turn, parts)

    def _call(self, part: Part, number: int, place: int) -> Part:
        known = part.get("id") or ""
        linked = part
        if not known or known in self._taken:
            linked = {**part, "id": derive_id("request", number, place, part["name"], part.get("arguments", ""))}
        self._taken.add(linked["id"])
        self._calls.append((number, linked))
        if known:
            self._by_id[known] = linked
        return linked

    def _result(self, part: Part, number: int, place: int) -> Part:
        known = part.get("id") or ""
        call = self._by_id.get(known) if known else self._first_open(part.get("name"), number)
        if call is None:
            return part if known else {**part, "id": derive_id("result", number, place, part.get("name", ""))}
        self._answered.add(id(call))
        told = {**part, "id": call["id"], "name": call["name"]}
        if call.get("custom"):
            told["custom"] = True
        if "namespace" in call:
            told["namespace"] = call["namespace"]
        return told

    def _first_open(self, name: str | None, number: int) -> Part | None:
        for number_of_call, call in self._calls:
            self._by_name.setdefault(call["name"], {}).setdefault(number_of_call, deque()).append(call)
        self._calls.clear()
        by_turn = self._by_name.get(name or "", {})
        for turn in (number - 1, *by_turn):
            calls = by_turn.get(turn)
            while calls and id(calls[0]) in self._answered:
                calls.popleft()
            if calls:
                return calls[0]
        return None
