"""Different protocols: the client's request is decoded and encoded for the target, the answer the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from ..canonical.loss import Loss
from ..canonical.patch import merge_patch
from ..compile.snapshot import Target
from ..protocol import Call, RequestRejected, WireProtocol
from ..protocol.errors import Json
from ..wire.frame import FrameError
from .errors import Problem, is_too_deep
from .exchange import Exchange
from .plan import Relay, Watch, parse_answer
from .state import addressed, is_named_here, told


@dataclass(slots=True)
class Translation:
    """The plan of an attempt whose target speaks another protocol, or the same one with changes.

    `forwards`: headers that mean something in the client's protocol mean the same to a target that speaks it.
    """

    client: WireProtocol
    upstream: WireProtocol
    call: Call
    body: bytes
    request: Json
    losses: Sequence[Loss]
    cap: int
    forwards: bool

    def let_go(self) -> None:
        """Forget the body, which nobody is sent any more."""
        self.body = b""

    def answer(self, raw: bytes) -> bytes:
        """The translated answer. Raises UpstreamErrorBody and Problem."""
        self.call.answer = self.upstream.decode_response(parse_answer(raw), self.call)
        return orjson.dumps(self.client.encode_response(self.call.answer, self.call))

    def relay(self) -> Relay:
        """A relay that decodes each event and encodes it again."""
        return TranslationRelay(self.upstream, self.client, self.call, self.cap)


def plan(exchange: Exchange, target: Target, client: WireProtocol, upstream: WireProtocol) -> Translation:
    """The plan. Raises Problem when the request cannot be read, or cannot be said in the target's protocol."""
    call = exchange.call(target.view)
    call.model = exchange.model
    try:
        request = client.decode_request(exchange.body, call)
        request = merge_patch(request, target.patch)
        request["model"], request["stream"] = target.model, exchange.stream
        call.request = told(exchange, request)
        request = addressed(exchange, target, upstream, request)
        if is_named_here(exchange, target):
            call.answer_id, call.created = exchange.answer_id, int(exchange.memory.now())
        encoded = upstream.encode_request(request, call)
        body = orjson.dumps(encoded.body)
    except RequestRejected as fault:
        raise Problem.of(fault.error) from fault
    except orjson.JSONEncodeError as fault:
        message = "The body is nested too deeply to be translated."
        raise Problem("invalid_request", message, code="too_deep") from fault
    _refuse(encoded.losses, strict=exchange.strict)
    cap, forwards = exchange.snapshot.settings.max_event, client.name == upstream.name
    return Translation(client, upstream, call, body, request, encoded.losses, cap, forwards)


def _refuse(losses: Sequence[Loss], *, strict: bool) -> None:
    """Raise Problem for what must not be lost where strictness is wanted."""
    refused = [loss.path for loss in losses if loss.severity == "warn"] if strict else []
    if refused:
        message = f"The model's provider cannot take {', '.join(refused)}."
        raise Problem("unsupported", message, param=refused[0], code="unsupported_field")


class TranslationRelay(Watch):
    """Upstream frames to events to client frames."""

    __slots__ = ("_decoder", "_encoder")

    def __init__(self, upstream: WireProtocol, client: WireProtocol, call: Call, cap: int) -> None:
        super().__init__()
        self._decoder = upstream.stream_decoder(call, client, cap, runs=True)
        self._encoder = client.stream_encoder(call)

    @property
    def satisfied(self) -> bool:
        """Whether the source has said that it is over."""
        return self.over

    @property
    def broken(self) -> bool:
        """Whether what comes cannot be read any more."""
        return self._decoder.broken

    def feed(self, chunk: bytes) -> bytes:
        """The client's frames for what `chunk` completes. Raises FrameError also for what nobody could write again."""
        if self.over:
            return b""
        try:
            events = self._decoder.feed(chunk)
            self._decoder.whole = b""  # a stream that stands still holds no bytes
            self.see(events)
            return self._encoder.feed(events) if events else b""
        except (RecursionError, orjson.JSONEncodeError) as fault:
            if not is_too_deep(fault):
                raise
            raise FrameError("an event is nested too deeply") from fault

    def close(self, error: Json | None = None) -> bytes:
        """The closing frames, or the error that the stream ends in."""
        if self.over:
            return b""
        events = self._decoder.close(error)
        self.see(events)
        return self._encoder.feed(events)
