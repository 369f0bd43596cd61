"""The way back: what the upstream answers, whole or streamed, becomes what the client asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson

from ..protocol import UpstreamErrorBody
from ..protocol.errors import Json
from ..upstream.client import UpstreamResponse
from ..upstream.errors import UpstreamError
from ..wire.frame import FrameError
from .body import is_streamed
from .errors import Problem
from .exchange import Exchange
from .outcomes import Failed, Names, names_of_error, of_answer, of_fault
from .outlet import Outlet
from .plan import Plan, parse_answer
from .pump import DRAIN, Pump, keep_streamed, outcome_of, redacted_of
from .state import keep

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
    if exchange.keeps or exchange.belongs is not None:
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
    headers, idle = _stream_headers(exchange, plan), plan.client.framing.idle
    async with Outlet(exchange.reply, headers, idle, exchange.snapshot.settings.idle_comment) as outlet:
        pump = Pump(exchange, plan, converter, response, outlet)
        await pump.run()
        said = converter.failed
        tail = pump.last + converter.close(pump.error)
        if converter.failed is not None:
            names = pump.names or (_said(said, unreadable=converter.broken) if said else _broke_off(said=pump.arrived))
            if not exchange.reply.started:
                raise Failed(Problem.of(converter.failed), names)
            exchange.broken = names
            tail = redacted_of(exchange, tail)
        exchange.outcome = outcome_of(converter)
        await keep_streamed(exchange, plan, converter)
        await outlet.finish(tail)
    if converter.satisfied and converter.failed is None and not response.over():
        await _drain(response.aiter_raw())


def _said(error: Json, *, unreadable: bool) -> Names:
    """The names of an error that stands in a stream, or of a stream that cannot be read on."""
    return ("malformed",) if unreadable else names_of_error(error, "error_event")


def _broke_off(*, said: bool) -> Names:
    return ("truncated",) if said else ("empty",)


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read what little follows the end, so that the connection can be used again."""
    try:
        async with asyncio.timeout(DRAIN):
            async for _ in chunks:
                pass
    except (UpstreamError, TimeoutError):
        pass


async def _read(response: UpstreamResponse) -> bytes:
    """The whole body. Raises Failed when it does not arrive whole."""
    if (body := response.whole()) is not None:
        return body
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
