"""How one attempt speaks to its target and how the answer comes back: what passthrough and translation share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

from ..canonical.loss import Loss
from ..protocol import Call, WireProtocol
from ..protocol.errors import Json
from .errors import Problem
from .form import Form

SILENT = frozenset({"start", "output.start", "usage"})
"""Events that a client does not see as output."""


class Plan(Protocol):
    """One attempt. `body` goes upstream; the rest turns the answer into what the client reads."""

    @property
    def client(self) -> WireProtocol: ...
    @property
    def upstream(self) -> WireProtocol: ...
    @property
    def call(self) -> Call: ...
    @property
    def body(self) -> bytes | Form: ...
    @property
    def request(self) -> Mapping[str, object]: ...  # the `request` root of templates
    @property
    def forwards(self) -> bool: ...  # whether the endpoint's headers go along
    @property
    def losses(self) -> Sequence[Loss]: ...
    def let_go(self) -> None:
        """Forget the body, which nobody is sent any more."""

    def answer(self, raw: bytes) -> bytes:
        """A whole answer for the client. Raises UpstreamErrorBody and Problem."""

    def relay(self) -> Relay:
        """A fresh converter of a streamed answer."""


class Relay(Protocol):
    """Upstream bytes to client bytes.

    `begun`: output has been seen; `over`: its end or an error has been seen; `failed`: the error that ended the stream;
    `satisfied`: no more bytes are wanted; `broken`: what comes cannot be read any more; `answer`: what is known of the
    canonical answer, all of it once it is `over`.
    """

    begun: bool
    over: bool
    failed: Json | None
    answer: Json | None

    @property
    def satisfied(self) -> bool: ...
    @property
    def broken(self) -> bool: ...

    def feed(self, chunk: bytes) -> bytes: ...
    def close(self, error: Json | None = None) -> bytes:
        """The last bytes; with `error` the source broke for that reason. Without a good end they say an error."""


class Watch:
    """The state of a stream, from the events that its decoder made."""

    __slots__ = ("answer", "begun", "failed", "over")

    def __init__(self) -> None:
        self.begun = False
        self.over = False
        self.failed: Json | None = None
        self.answer: Json | None = None

    def see(self, events: Sequence[Json]) -> None:
        """Take note of events."""
        if not events:
            return
        if not self.begun:
            self._greet(events)
            self.begun = any(event["type"] not in SILENT and event["type"] != "error" for event in events)
        last = events[-1]
        if last["type"] == "error":
            self.failed = last["error"]
        self.over = last["type"] in {"end", "error"}
        if "response" in last:
            self.answer = last["response"]

    def _greet(self, events: Sequence[Json]) -> None:
        """Take note of whose answer it is, which is said once."""
        for event in events:
            if event["type"] == "start" and event.get("id") and self.answer is None:
                self.answer = {name: value for name, value in event.items() if name != "type"}


def parse_answer(raw: bytes) -> dict[str, Any]:
    """An upstream's answer as a JSON object. Raises Problem when it is none."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as fault:
        raise Problem("bad_gateway", "The upstream's answer is not JSON.", code="upstream_invalid") from fault
    if not isinstance(document, dict):
        raise Problem("bad_gateway", "The upstream's answer is not an object.", code="upstream_invalid")
    return document


def error_event(error: Json, answer: Json | None = None) -> Json:
    """The encoder event that ends a stream in failure, with what is known of the answer."""
    return {"type": "error", "error": error, "response": answer or {}}
