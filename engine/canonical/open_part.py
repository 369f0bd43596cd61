"""The state of one part, and of one output, while a stream is being read."""

import json
from typing import Any

from .fold import build_part, payload_field

Event = dict[str, Any]

WAITING, LIVE, CLOSED = range(3)  # not yet shown to the encoder; started; ended

_POSITION = frozenset({"type", "output", "key", "kind"})
_PLAIN = {field: _POSITION | {field} for field in ("text", "arguments")}
_NO_MEMBER = _POSITION | {"text", "arguments"}  # payload, or nothing at all on a part of another kind
_FIRST_WINS = frozenset({"id", "name"})
_WAITS_FOR_PAYLOAD = frozenset({"text", "reasoning", "refusal"})


def says_something(event: Event) -> bool:
    """Whether a part event carries anything besides its position; null and "" carry nothing."""
    return any(value for name, value in event.items() if name not in _POSITION)


class OpenPart:
    """A part of which more may come."""

    __slots__ = ("built", "carried", "citations", "ended", "field", "given_id", "index", "judged", "key", "kind",
                 "members", "number", "ordinal", "pieces", "plain", "state")  # fmt: skip

    def __init__(self, number: int, kind: str, key: object) -> None:
        self.number = number
        self.kind = kind
        self.key = key
        self.field = payload_field(kind)
        self.plain = _PLAIN[self.field]  # an event with no other members only continues the text
        self.members: dict[str, Any] = {}
        self.pieces: list[str] = []
        self.citations: list[Any] = []
        self.given_id: str | None = None
        self.index = -1
        self.ordinal = -1
        self.state = WAITING
        self.ended = False
        self.judged = 0
        self.carried = False  # its signature already rides on a carrier
        self.built: dict[str, Any] | None = None

    def take_members(self, event: Event) -> None:
        """Set what the event says about the part; the first id and name stay, of all else the last word counts."""
        for name, value in event.items():
            if name in _NO_MEMBER or value is None or value == "":
                continue
            if name == "id" and self.given_id is None:
                self.given_id = value
            if name in _FIRST_WINS:
                self.members.setdefault(name, value)
            elif name != "citations" or not isinstance(value, list):
                self.members[name] = value
        if self.built is not None:  # too late for the encoder, in time for the folded response
            self.built.update(self.members)

    def take_whole(self, part: dict[str, Any]) -> None:
        """Fill an empty part from a complete one."""
        for name, value in part.items():
            if name in (self.field, "transcript"):
                if value:
                    self.pieces.append(value)
            elif name == "citations" and self.kind == "text":
                self.citations.extend(value)
            elif name != "kind" and value is not None:
                self.members[name] = value
        self.given_id = part.get("id")

    def new_payload(self, event: Event, full: bool) -> str:
        """Append the event's payload and return the new text; of a `full` value only the missing end is new.

        A full value that contradicts what was already shown adds nothing: a client cannot take text back.
        """
        payload: str = event.get(self.field) or ""
        if full and payload:
            if self.state == WAITING:
                self.pieces.clear()
            else:
                known = "".join(self.pieces)
                payload = payload[len(known) :] if payload.startswith(known) else ""
        if payload:
            self.pieces.append(payload)
        return payload

    def new_citations(self, event: Event, full: bool) -> list[Any]:
        """Append the event's citations and return the new ones."""
        news = event.get("citations")
        if self.kind != "text" or not isinstance(news, list):
            return []
        if full:
            news = [citation for citation in news if citation not in self.citations]
        self.citations.extend(news)
        return news

    def ready(self) -> bool:
        """Whether the start may be shown: a call waits for its name, text for its first content."""
        if self.kind == "tool_call":
            return bool(self.members.get("name"))
        if self.kind not in _WAITS_FOR_PAYLOAD or self.pieces or self.citations or self.members.get("redacted"):
            return True
        return self.ended and self.kind != "refusal" and bool(self.members.get("signature"))

    def superseded_by(self, event: Event, full: bool) -> bool:
        """Whether a delta that was meant for this part begins another one.

        A call gives way to a new id together with a name, an unkeyed call also to a second name without id.
        Any other part gives way to content that comes after its end.
        """
        if self.kind != "tool_call":
            return self.state == CLOSED and not full and "kind" in event and bool(event.get(self.field))
        mine, its = self.given_id, event.get("id")
        if not event.get("name"):
            return False
        if self.key is None and "name" in self.members and not its:
            return True
        return bool(mine and its and its != mine)

    def complete_call(self) -> bool:
        """Whether this is a call whose arguments cannot go on: they already form a JSON object."""
        if self.kind != "tool_call" or self.members.get("custom"):
            return False
        if len(self.pieces) == self.judged or not self.pieces[-1].rstrip().endswith("}"):
            return False
        self.judged = len(self.pieces)  # the same pieces are not parsed twice
        try:
            return isinstance(json.loads("".join(self.pieces)), dict)
        except ValueError:
            return False

    def build(self) -> dict[str, Any]:
        """Return the part as it stands."""
        if self.built is not None:
            return self.built
        return build_part(self.kind, self.members, self.pieces, self.citations)


class OpenOutput:
    """One answer among those of a response."""

    __slots__ = ("calls", "counts", "finish", "keyed", "logprobs", "native", "number", "parts", "run", "started")

    def __init__(self, number: int) -> None:
        self.number = number
        self.parts: list[OpenPart] = []  # shown to the encoder, in order
        self.counts: dict[str, int] = {}
        self.keyed: dict[object, OpenPart] = {}
        self.calls: dict[str, OpenPart] = {}
        self.run: OpenPart | None = None
        self.finish: dict[str, Any] = {}
        self.native: dict[str, Any] = {}
        self.logprobs: list[Any] = []
        self.started = False

    def find(self, kind: str | None, key: object) -> OpenPart | None:
        """Return the part an event is about: the run if there is no key, else the part with that key (and kind)."""
        if key is None:
            run = self.run
            return run if run is not None and (kind is None or run.kind == kind) else None
        return self.keyed.get(key if kind is None else (kind, key))

    def remember(self, part: OpenPart) -> None:
        """Make `part` the one that unkeyed deltas, or deltas with its key, continue."""
        if part.key is None:
            self.run = part
        else:
            self.keyed[part.key] = self.keyed[part.kind, part.key] = part

    def enter(self, part: OpenPart) -> None:
        """Give `part` its place among the parts shown."""
        part.index = len(self.parts)
        part.ordinal = self.counts.get(part.kind, 0)
        self.counts[part.kind] = part.ordinal + 1
        self.parts.append(part)

    def build(self) -> dict[str, Any]:
        """Return the output as it stands."""
        output: dict[str, Any] = {"index": self.number, "parts": [part.build() for part in self.parts]}
        if self.finish:
            output["finish"] = dict(self.finish)
        if self.logprobs:
            output["logprobs"] = list(self.logprobs)
        if self.native:
            output["native"] = self.native
        return output
