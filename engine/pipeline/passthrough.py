"""Same protocol on both sides: bytes go through untouched, but for the model's name; frames are only watched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import orjson

from ..canonical.carriers import holds_sealed
from ..canonical.loss import Loss
from ..canonical.schema import GENERATION
from ..compile.snapshot import Target
from ..protocol import Call, RequestRejected, UpstreamErrorBody, WireProtocol
from ..protocol.asking import UsageOnRequest
from ..protocol.errors import Json
from ..wire.members import replaced
from .exchange import Exchange
from .form import Form
from .plan import Relay, Watch, error_event, parse_answer
from .state import keeps_itself

_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(slots=True)  # not frozen, as all that is made for each request
class Passthrough:
    """The plan of an attempt whose target speaks the client's protocol and needs no changes."""

    client: WireProtocol
    upstream: WireProtocol  # the same, or a dialect of it
    call: Call
    body: bytes | Form
    request: Mapping[str, object]
    cap: int
    forwards: bool = True
    losses: tuple[Loss, ...] = ()
    kept: bool = False  # whether the answer is kept, so that it must be understood
    folded: bool = False  # whether it is kept here
    asks: UsageOnRequest | None = None  # what the client did not ask for and must not see

    def let_go(self) -> None:
        """Forget the body, which nobody is sent any more."""
        self.body = b""

    def answer(self, raw: bytes) -> bytes:
        """The same bytes, once they have been seen to be an answer to what was asked; else that answer, written anew.

        Raises UpstreamErrorBody and Problem.
        """
        body = parse_answer(raw)
        self.upstream.check_answer(body)
        if self.kept:
            with suppress(UpstreamErrorBody):  # what cannot be read still is the provider's answer
                self.call.answer = self.upstream.decode_response(body, self.call)
        if self.upstream.passes(body, self.call):
            if not self.call.usage:
                self.upstream.count_answer(body, self.call)
            return raw
        response = self.upstream.decode_response(body, self.call)
        return orjson.dumps(self.client.encode_response(response, self.call))

    def relay(self) -> Relay:
        """A relay that lets whole frames through as they are."""
        if self.asks is not None:
            return AskingRelay(self.client, self.upstream, self.call, self.cap, self.asks, folded=self.folded)
        return PassthroughRelay(self.client, self.upstream, self.call, self.cap, folded=self.folded)


def is_possible(exchange: Exchange, target: Target, client: WireProtocol, upstream: WireProtocol) -> bool:
    """Whether the target takes this request as the client wrote it.

    Values that another family signed are sealed, and nothing that a vendor could read: translation takes them out.
    """
    same = upstream.name == client.name and not target.patch and not exchange.restored
    if exchange.form is not None:  # one that has become a document is gone as a form
        return same and exchange.upload is not None and upstream.takes(exchange.body, target.view)
    if exchange.stream and not _stream_passes(client, upstream):
        return False
    untouched = same and upstream.takes(exchange.body, target.view) and not holds_sealed(exchange.raw)
    return untouched and not _must_adapt(exchange, target, client, upstream)


def _stream_passes(client: WireProtocol, upstream: WireProtocol) -> bool:
    return upstream.framing.passes and upstream.framing.kind == client.framing.kind


def _must_adapt(exchange: Exchange, target: Target, client: WireProtocol, upstream: WireProtocol) -> bool:
    """Whether what is known of the model changes the request, though the client could not know which model it is.

    Who names the model itself has written for it, and gets the vendor's own answer.
    """
    if target.model == exchange.model:
        return False
    if client.subject != GENERATION and exchange.endpoint is not None and exchange.endpoint.model_member is None:
        return True  # the address names the model, and the body may name it once more
    if target.view == target.bare:
        return False
    try:
        request = client.decode_request(exchange.body, exchange.call(target.view))
        known, unknown = (upstream.encode_request(request, exchange.call(it)).body for it in (target.view, target.bare))
    except RequestRejected:
        return True  # the translation says why
    return known != unknown


def plan(exchange: Exchange, target: Target, client: WireProtocol, upstream: WireProtocol) -> Passthrough:
    """The plan; the body differs from the client's only in the value of the model member, if at all."""
    call = exchange.call(target.view)
    kept, folded = exchange.keeps, exchange.keeps and not keeps_itself(exchange, target)
    asked = _asked(exchange, client, call, folded=folded)
    request = {**asked, "model": target.model, "stream": exchange.stream}
    body, cap = _body(exchange, target), exchange.snapshot.settings.max_event
    body, asks = _asking(exchange, target, client, body)
    return Passthrough(client, upstream, call, body, request, cap, kept=kept, folded=folded, asks=asks)


def _asking(
    exchange: Exchange, target: Target, client: WireProtocol, body: bytes | Form
) -> tuple[bytes | Form, UsageOnRequest | None]:
    """Give a body that asks for the usage of a stream too, where the client did not, and how that is kept from it."""
    asks = target.provider.services[client.name].asks if exchange.stream else None
    if asks is None or not isinstance(body, bytes):
        return body, None
    asked = asks.asked(body, exchange.body)
    return (body, None) if asked is None else (asked, asks)


def _body(exchange: Exchange, target: Target) -> bytes | Form:
    """The client's body with the name that the target knows."""
    endpoint, form = exchange.endpoint, exchange.upload
    assert endpoint is not None
    if form is not None:
        form.sent_model = target.model.encode() if target.model != exchange.model else None
        return form
    if target.model != exchange.model and endpoint.model_member in exchange.body:
        return replaced(exchange.raw, endpoint.model_member, orjson.dumps(target.model))
    return exchange.raw


def _asked(exchange: Exchange, client: WireProtocol, call: Call, *, folded: bool) -> Json:
    """What the client asks for, where an answer may be held against it, or is read to be kept: else no conversation."""
    judged = client.subject != GENERATION
    if not (judged or folded) or exchange.upload is not None:
        return {}
    try:
        call.request = client.decode_request(exchange.body, call)
    except RequestRejected:
        return {}  # the provider says why
    if not judged:
        return {}
    call.model = exchange.model
    return call.request


class PassthroughRelay(Watch):
    """Lets whole frames through and decodes a copy, to learn whether the stream ends well, or `folded` what it says."""

    __slots__ = ("_call", "_decoder", "_framing", "_protocol")

    def __init__(
        self, client: WireProtocol, upstream: WireProtocol, call: Call, cap: int, *, folded: bool = False
    ) -> None:
        super().__init__()
        self._protocol = client
        self._call = call
        self._framing = upstream.framing
        if folded:
            self._decoder = upstream.stream_decoder(call, client, cap, runs=True)
        else:
            self._decoder = upstream.stream_watch(call, cap)

    @property
    def satisfied(self) -> bool:
        """Only when what comes cannot be read any more; else every byte belongs to the client."""
        return self._decoder.broken

    @property
    def broken(self) -> bool:
        """Whether what comes cannot be read any more."""
        return self._decoder.broken

    def feed(self, chunk: bytes) -> bytes:
        """The whole frames that are there now; a frame that was cut waits for its rest."""
        self.see(self._decoder.feed(chunk))
        whole, self._decoder.whole = self._decoder.whole, b""  # a stream that stands still holds no bytes
        return self._first(whole, self._decoder.taken) if self._decoder.broken else whole

    def close(self, error: Json | None = None) -> bytes:
        """The rest of the bytes after a good end or an error that the upstream said itself; else an error of ours."""
        said = self.failed is not None and not self._decoder.broken
        rest = self._decoder.tail
        if self.failed is None:
            self.see(self._decoder.close(error))
        if self.failed is None or said:
            return rest
        encoder = self._protocol.stream_encoder(self._call, self._decoder.heard)
        return encoder.feed([error_event(self.failed, self.answer)])

    def _first(self, data: bytes, count: int) -> bytes:
        """The bytes of the first `count` frames."""
        reader, start = self._framing.reader(), 0
        for line_end in _LINE_END.finditer(data):
            if count <= 0:
                break
            count -= len(reader.feed(data[start : line_end.end()]))
            start = line_end.end()
        return data[:start]


class AskingRelay(PassthroughRelay):
    """Keeps from the client what comes only because the gateway asked for it."""

    __slots__ = ("_asks",)

    def __init__(
        self,
        client: WireProtocol,
        upstream: WireProtocol,
        call: Call,
        cap: int,
        asks: UsageOnRequest,
        *,
        folded: bool = False,
    ) -> None:
        super().__init__(client, upstream, call, cap, folded=folded)
        self._asks = asks

    def feed(self, chunk: bytes) -> bytes:
        """The whole frames that are there now, as they would have been."""
        return self._asks.hidden(super().feed(chunk))

    def close(self, error: Json | None = None) -> bytes:
        """The rest, as it would have been."""
        return self._asks.hidden(super().close(error))
