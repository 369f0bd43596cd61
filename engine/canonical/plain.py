"""Messages without turns and parts: what an encoder of them does not carry, and how pieces of an answer become one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from . import schema
from .harmless import PLAIN
from .loss import CANNOT, Declared, Loss, Path, covered

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlainLosses:
    """What to look for in a request on its way to one encoder: its members of which nothing is read."""

    _unread: Mapping[str, Declared]
    _protocol: str
    _native: Declared

    @classmethod
    def build(cls, subject: str, read_set: Collection[Path], declared: Mapping[str, Declared], protocol: str) -> Self:
        """Compute what an encoder that reads `read_set` leaves; `declared` says how bad, by the member's name."""
        leaves: dict[str, bool] = {}
        for path in schema.paths(schema.name_of(subject, "request")):
            leaves[path[0]] = leaves.get(path[0], False) or covered(path, read_set)
        unread = {
            name: declared.get(name, Declared("warn"))
            for name, is_read in leaves.items()
            if not is_read and name not in PLAIN.quiet and name != "native"
        }
        return cls(unread, protocol, declared.get("native", Declared("warn")))

    def check(self, request: Json) -> list[Loss]:
        """Return what this encoder will not carry of the request."""
        losses = [
            Loss(name, name, said.severity, said.why or CANNOT)
            for name, said in self._unread.items()
            if name in request and request[name] not in PLAIN.harmless.get(name, ())
        ]
        reason = self._native.why or "belongs to another protocol"
        for protocol, fields in request.get("native", {}).items():
            if protocol != self._protocol:
                severity = self._native.severity
                losses += [Loss(f"native.{protocol}.{field}", "native", severity, reason) for field in fields]
        return losses


class Gathering:
    """Takes the place of brackets where a stream has no parts: whole pieces of the answer are put together.

    An event `answer` holds a piece of the response: its lists are appended, its other members replace earlier ones.
    Other events pass as they are.
    """

    def __init__(self) -> None:
        self.shown: list[Json] = []
        self._response: Json = {}

    def feed(self, events: Iterable[Json]) -> list[Json]:
        """Take note of the pieces; the end is what `finish` gives."""
        passed = [event for event in events if event["type"] not in {"end", "error"}]
        for event in passed:
            if event["type"] == "answer":
                self._add(event["response"])
        return passed

    def finish(self, *, complete: bool, error: Json | None = None) -> Sequence[Json]:
        """Give the last event: the whole response, or the error with what there is of it."""
        if complete and error is None:
            return [{"type": "end", "response": self._response}]
        return [{"type": "error", "error": error, "response": self._response}]

    def _add(self, piece: Json) -> None:
        for name, value in piece.items():
            before = self._response.get(name)
            self._response[name] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
