"""Calls and their results find each other: ids for calls without one, names for results."""

from typing import Any

from .settle import derive_id

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
    linked = [calls.read(number, turn) for number, turn in enumerate(turns)]
    return request if linked == turns else {**request, "turns": linked}


class _Calls:
    """The calls met so far, in order."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str, Part]] = []  # turn, the id the client knows ("" if none), the call
        self._by_id: dict[str, Part] = {}  # the latest call under the id the client knows
        self._taken: set[str] = set()

    def read(self, number: int, turn: Turn) -> Turn:
        changed = False
        parts = []
        for place, part in enumerate(turn["parts"]):
            kind = part["kind"]
            if kind == "tool_call":
                linked = self._call(part, number, place)
            elif kind == "tool_result":
                linked = self._result(part, number, place)
            else:
                linked = part
            changed = changed or linked is not part
            parts.append(linked)
        return {**turn, "parts": parts} if changed else turn

    def _call(self, part: Part, number: int, place: int) -> Part:
        known = part.get("id") or ""
        linked = part
        if not known or known in self._taken:
            linked = {**part, "id": derive_id("request", number, place, part["name"], part.get("arguments", ""))}
        self._taken.add(linked["id"])
        self._open.append((number, known, linked))
        if known:
            self._by_id[known] = linked
        return linked

    def _result(self, part: Part, number: int, place: int) -> Part:
        known = part.get("id") or ""
        call = self._by_id.get(known) if known else self._first_open(part.get("name"), number)
        if call is None:
            return part if known else {**part, "id": derive_id("result", number, place, part.get("name", ""))}
        self._open = [entry for entry in self._open if entry[2] is not call]
        told = {"id": call["id"], "name": call["name"]}
        if call.get("custom"):
            told["custom"] = True
        return part if told.items() <= part.items() else {**part, **told}

    def _first_open(self, name: str | None, number: int) -> Part | None:
        candidates = [entry for entry in self._open if name is None or entry[2]["name"] == name]
        if not candidates:
            return None
        latest = [entry for entry in candidates if entry[0] == number - 1]
        return (latest or candidates)[0][2]
