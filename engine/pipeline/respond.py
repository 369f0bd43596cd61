"""The way back: what the upstream answers, whole or streamed, becomes what the client asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson

from ..protocol import UpstreamErrorBody
from ..protocol.errors import Json
from ..upstream.client import UpstreamResponse
from ..upstream.errors import UpstreamError
from ..wire.frame import FrameError
from .body import is_streamed
from .errors import Problem
from .exchange import Exchange
from .outcomes import STOPPED, Failed, Names, names_of_error, of_answer, of_fault
from .outlet import Outlet
from .plan import Plan, Relay, parse_answer
from .redact import without_secrets
from .state import keep

_DRAIN = 0.5
_WARNINGS = 1024
ENDS = frozenset({"end", "error"})
UNTOUCHED = {"cache-control": "no-cache", "x-accel-buffering": "no"}
"""Headers of a stream, which nobody on the way may keep back."""


async def deliver(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """Answer the client. Raises Failed as long as the client has seen nothing."""
    if exchange.upload is not None:
        exchange.stream = is_streamed(exchange)  # the rest of the form has come by now
    streamed = is_stream(response, plan, wanted=exchange.stream)
    if exchange.stream:
        await (relay(exchange, plan, response) if streamed else synthesise(exchange, plan, response))
    else:
        await (aggregate(exchange, plan, response) if streamed else whole(exchange, plan, response))


def is_stream(response: UpstreamResponse, plan: Plan, *, wanted: bool) -> bool:
    """Whether the answer is a stream, whatever was asked for; an unclear content type says nothing."""
    media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    framed = plan.upstream.framing.media_type.partition(";")[0]
    if media == framed:
        return wanted or media != "application/json"  # which is also what a whole answer is called
    return wanted and media != "application/json"


async def whole(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """A whole answer to a client that wants one."""
    raw = await _read(response)
    try:
        body = plan.answer(raw)
    except (Problem, UpstreamErrorBody) as fault:
        raise of_answer(fault, raw) from fault
    await keep(exchange, plan, plan.call.answer)
    await exchange.reply.whole(200, _headers(exchange, "application/json"), body)


async def synthesise(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """A whole answer to a client that wants a stream."""
    raw = await _read(response)
    try:
        decoded = plan.upstream.decode_response(parse_answer(raw), plan.call)
    except (Problem, UpstreamErrorBody) as fault:
        raise of_answer(fault, raw) from fault
    frames = plan.client.encode_whole_stream(decoded, plan.call)
    await keep(exchange, plan, decoded)
    await exchange.reply.start(200, _stream_headers(exchange, plan))
    await exchange.reply.finish(frames)


async def aggregate(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """A stream to a client that wants a whole answer."""
    decoder = plan.upstream.stream_decoder(plan.call, plan.client, exchange.snapshot.settings.max_event, runs=True)
    events: list[Json] = []
    said = False
    try:
        async for chunk in response.aiter_raw():
            said = True
            events = decoder.feed(chunk) or events
    except (UpstreamError, FrameError) as fault:
        error, names = of_fault(fault)
        raise Failed(Problem.of(error), names) from fault
    cut = not (events and events[-1]["type"] in ENDS)
    last = (decoder.close() or events)[-1]
    if last["type"] != "end":
        error = last["error"]
        names = _broke_off(said=said) if cut else _said(error, unreadable=decoder.broken)
        raise Failed(Problem.of(error), names)
    body = orjson.dumps(plan.client.encode_response(last["response"], plan.call))
    await keep(exchange, plan, last["response"])
    await exchange.reply.whole(200, _headers(exchange, "application/json"), body)


async def relay(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """A stream to a client that wants one: one write for each read, and always an end or an error.

    What comes before any output is held back, so that an early failure still has a status and another target.
    """
    converter = plan.relay()
    chunks = response.aiter_raw()
    headers, idle = _stream_headers(exchange, plan), plan.client.framing.idle
    async with Outlet(exchange.reply, headers, idle, exchange.snapshot.settings.idle_comment) as outlet:
        pumped = await _pump(exchange, plan, converter, response, outlet)
        said = converter.failed
        tail = pumped.last + converter.close(pumped.error)
        if converter.failed is not None:
            names = pumped.names or (_said(said, unreadable=converter.broken) if said else _broke_off(said=pumped.said))
            if not exchange.reply.started:
                raise Failed(Problem.of(converter.failed), names)
            exchange.broken = names
            tail = _redacted(exchange, tail)
        exchange.outcome = _outcome(converter)
        await _keep(exchange, plan, converter)
        await outlet.finish(tail)
    if converter.satisfied and converter.failed is None and not response.over():
        await _drain(chunks)


@dataclass(slots=True)
class _Pumped:
    """How the source ended: the error and its names if it broke, and whether a byte of it came.

    `last` is still to be written: what came together with the end leaves together with it.
    """

    error: Json | None = None
    names: Names = ()
    said: bool = False
    last: bytes = b""


async def _keep(exchange: Exchange, plan: Plan, converter: Relay) -> None:
    """Keep an answer that has ended well, before its end goes out: a client may go on from it at once."""
    if converter.over and converter.failed is None:
        await keep(exchange, plan, converter.answer)


async def _pump(
    exchange: Exchange, plan: Plan, converter: Relay, response: UpstreamResponse, outlet: Outlet
) -> _Pumped:
    """Convert and write until the source is over, or it breaks, or we are told to stop."""
    pumped, attempt, chunks = _Pumped(), exchange.tries[-1], response.aiter_raw()
    try:
        async for chunk in chunks:
            pumped.said = True
            data = converter.feed(chunk)
            del chunk  # a client that does not read holds as little as can be
            if converter.failed is not None:
                if not exchange.reply.started:
                    break
                data = _redacted(exchange, data)
            if converter.over:
                await _keep(exchange, plan, converter)
            if converter.over and response.over():
                pumped.last = data
            elif not outlet.push(data):
                await outlet.put(data, visible=converter.begun)
            if attempt.first is None and converter.begun:
                attempt.first = exchange.routing.clock() - exchange.started
            if converter.over:  # what follows is no output: a client that leaves now has everything
                exchange.outcome = _outcome(converter)
                if not response.over():
                    await _afterwards(converter, chunks, outlet)
                break
    except (UpstreamError, FrameError) as fault:
        pumped.error, pumped.names = of_fault(fault)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if exchange.stopping is None or task is None:
            raise
        task.uncancel()
        pumped.error, pumped.names = exchange.stopping, (STOPPED,)
    return pumped


async def _afterwards(converter: Relay, chunks: AsyncIterator[bytes], outlet: Outlet) -> None:
    """Let through what comes within a moment behind the end, where every byte belongs to the client."""
    until = asyncio.get_running_loop().time() + _DRAIN
    while not converter.satisfied:
        try:
            async with asyncio.timeout_at(until):
                chunk = await anext(chunks)
        except (StopAsyncIteration, TimeoutError):
            return
        await outlet.put(converter.feed(chunk), visible=True)


def _redacted(exchange: Exchange, data: bytes) -> bytes:
    """What a stream says of its failure, without the credential that the upstream was sent."""
    return without_secrets(data, exchange.target.provider) if exchange.target is not None else data


def _said(error: Json, *, unreadable: bool) -> Names:
    """The names of an error that stands in a stream, or of a stream that cannot be read on."""
    return ("malformed",) if unreadable else names_of_error(error, "error_event")


def _broke_off(*, said: bool) -> Names:
    return ("truncated",) if said else ("empty",)


def _outcome(converter: Relay) -> str:
    return "ok" if converter.failed is None else str(converter.failed["kind"])


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read what little follows the end, so that the connection can be used again."""
    try:
        async with asyncio.timeout(_DRAIN):
            async for _ in chunks:
                pass
    except (UpstreamError, TimeoutError):
        pass


async def _read(response: UpstreamResponse) -> bytes:
    """The whole body. Raises Failed when it does not arrive whole."""
    pieces: list[bytes] = []
    try:
        async for piece in response.aiter_raw():
            pieces.append(piece)
            if response.over():
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    except UpstreamError as fault:
        error, names = of_fault(fault)
        raise Failed(Problem.of(error), names) from fault


def _headers(exchange: Exchange, media_type: str) -> dict[str, str]:
    """The headers of an answer: what it is, and what was lost on the way to the target and, if it is whole, back."""
    headers = {**exchange.returned, "content-type": media_type}
    lost = [f"{loss.path}:{loss.severity}" for loss in exchange.losses if loss.severity != "drop"]
    lost += [f"{place}:warn" for place in sorted(exchange.hidden)]
    if lost:
        headers["x-torouter-warnings"] = ", ".join(lost).encode("ascii", "replace").decode()[:_WARNINGS]
    return headers


def _stream_headers(exchange: Exchange, plan: Plan) -> dict[str, str]:
    return {**_headers(exchange, plan.client.framing.media_type), **UNTOUCHED}
