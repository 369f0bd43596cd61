"""The sandbox in the place of an upstream: it reads and writes the protocol in which it is called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping

import orjson

from ..canonical.brackets import Brackets
from ..protocol import Call, RequestRejected, WireProtocol
from ..upstream.client import UpstreamRequest, UpstreamResponse
from .sandbox import Json, Sandbox, SandboxError
from .words import Event

_JSON = "application/json"


class SandboxTransport:
    """Answers requests inside the process; one belongs to one snapshot, whose protocols it speaks."""

    def __init__(self, sandbox: Sandbox, protocols: Mapping[str, WireProtocol]) -> None:
        self._sandbox = sandbox
        self._protocols = protocols

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Play the script of the target's model; returns once its first events, or its refusal, are there."""
        context = request.context
        assert isinstance(request.body, bytes)
        protocol = self._protocols[context["protocol"]]
        call = Call(context["path"], context["query"], context["headers"], context["target"])
        try:
            asked = protocol.decode_request(orjson.loads(request.body), call)
            asked["model"], asked["stream"] = context["target"]["model"], context["request"]["stream"]
            call.request = asked
            batches = self._sandbox.respond(asked["model"], asked)
            first = await anext(batches)
        except (RequestRejected, SandboxError) as refusal:
            return _refused(refusal.error, protocol, call)
        if not asked["stream"]:
            return await _whole(first, batches, protocol, call)
        chunks = _chunks(first, batches, protocol, call)

        async def close() -> None:
            await chunks.aclose()
            await batches.aclose()

        return _answer(200, {"content-type": protocol.framing.media_type}, chunks, close)

    async def aclose(self) -> None:
        """Nothing is held between requests."""


async def _chunks(
    first: list[Event], batches: AsyncIterator[list[Event]], protocol: WireProtocol, call: Call
) -> AsyncGenerator[bytes, None]:
    """The stream: one chunk for each batch. A script that breaks off leaves a stream without its end."""
    brackets, encoder = protocol.brackets(call), protocol.stream_encoder(call)
    if head := encoder.feed(_bracketed(first, brackets)):
        yield head
    async for batch in batches:
        if chunk := encoder.feed(_bracketed(batch, brackets)):
            yield chunk


async def _whole(
    first: list[Event], batches: AsyncIterator[list[Event]], protocol: WireProtocol, call: Call
) -> UpstreamResponse:
    """The whole answer, folded; an error where the script fails or breaks off."""
    brackets = Brackets()
    events = _bracketed(first, brackets)
    async for batch in batches:
        events = _bracketed(batch, brackets) or events
    last = (brackets.finish(complete=False) or events)[-1]
    if last["type"] == "error":
        return _refused(last["error"], protocol, call)
    body = orjson.dumps(protocol.encode_response(last["response"], call))
    return _answer(200, {"content-type": _JSON}, _once(body))


def _bracketed(batch: list[Event], brackets: Brackets) -> list[Event]:
    """The encoder events for some decoder events, with the closing ones once the script is over."""
    events = brackets.feed(batch)
    return [*events, *brackets.finish(complete=True)] if brackets.ended else events


def _refused(error: Json, protocol: WireProtocol, call: Call) -> UpstreamResponse:
    status, headers, body = protocol.encode_error(error, call)
    return _answer(status, {"content-type": _JSON, **headers}, _once(orjson.dumps(body)))


def _answer(
    status: int,
    headers: Mapping[str, str],
    chunks: AsyncGenerator[bytes, None],
    close: Callable[[], Awaitable[None]] | None = None,
) -> UpstreamResponse:
    lower = {name.lower(): text for name, text in headers.items()}
    return UpstreamResponse(status, lower, chunks, close or chunks.aclose)


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
