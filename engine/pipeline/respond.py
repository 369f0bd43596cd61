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
from .errors import Problem
from .exchange import Exchange
from .outlet import Outlet
from .plan import Plan, Relay, parse_answer

_DRAIN = 0.5
_WARNINGS = 1024


class Failed(Exception):
    """An attempt failed before the client saw anything; `raw` is a body in the client's protocol that says why."""

    def __init__(self, problem: Problem, *, retry: bool = True, raw: bytes | None = None, status: int = 0) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.retry = retry
        self.raw = raw
        self.status = status


async def deliver(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """Answer the client. Raises Failed as long as the client has seen nothing."""
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
        return wanted or media != "application/json"       # which is also what a whole answer is called
    return wanted and media != "application/json"


async def whole(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """A whole answer to a client that wants one."""
    raw = await _read(response)
    try:
        body = plan.answer(raw)
    except (Problem, UpstreamErrorBody) as fault:
        raise _failed(fault) from fault
    await exchange.reply.whole(200, _headers(exchange, "application/json"), body)


async def synthesise(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """A whole answer to a client that wants a stream."""
    raw = await _read(response)
    try:
        decoded = plan.upstream.decode_response(parse_answer(raw), plan.call)
    except (Problem, UpstreamErrorBody) as fault:
        raise _failed(fault) from fault
    frames = plan.client.encode_whole_stream(decoded, plan.call)
    await exchange.reply.start(200, _stream_headers(exchange, plan))
    await exchange.reply.write(frames)
    await exchange.reply.finish()


async def aggregate(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """A stream to a client that wants a whole answer."""
    decoder = plan.upstream.stream_decoder(plan.call, plan.client, exchange.snapshot.settings.max_event)
    events: list[Json] = []
    try:
        async for chunk in response.aiter_raw():
            events = decoder.feed(chunk) or events
        events = decoder.close() or events
    except (UpstreamError, FrameError) as fault:
        raise Failed(Problem.of(_error_of(fault))) from fault
    last = events[-1]
    if last["type"] != "end":
        raise Failed(Problem.of(last["error"]))
    body = orjson.dumps(plan.client.encode_response(last["response"], plan.call))
    await exchange.reply.whole(200, _headers(exchange, "application/json"), body)


async def relay(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
    """A stream to a client that wants one: one write for each read, and always an end or an error.

    What comes before any output is held back, so that an early failure still has a status and another target.
    """
    converter = plan.relay()
    chunks = response.aiter_raw()
    headers, idle = _stream_headers(exchange, plan), plan.client.framing.idle
    async with Outlet(exchange.reply, headers, idle, exchange.snapshot.settings.idle_comment) as outlet:
        error = await _pump(exchange, converter, chunks, outlet)
        tail = converter.close(error)
        if converter.failed is not None and not exchange.reply.started:
            raise Failed(Problem.of(converter.failed), retry=exchange.stopping is None)
        exchange.outcome = _outcome(converter)
        await outlet.put(tail, visible=True)
        await outlet.finish()
    if converter.satisfied and converter.failed is None:
        await _drain(chunks)


async def _pump(exchange: Exchange, converter: Relay, chunks: AsyncIterator[bytes], outlet: Outlet) -> Json | None:
    """Convert and write until the source is over; the canonical error if it broke, or if we were told to stop."""
    try:
        async for chunk in chunks:
            data = converter.feed(chunk)
            if converter.failed is not None and not exchange.reply.started:
                return None
            await outlet.put(data, visible=converter.begun)
            if converter.over:  # what follows is no output: a client that leaves now has everything
                exchange.outcome = _outcome(converter)
            if converter.satisfied:
                return None
    except (UpstreamError, FrameError) as fault:
        return _error_of(fault)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if exchange.stopping is None or task is None:
            raise
        task.uncancel()
        return exchange.stopping
    return None


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
    try:
        return b"".join([chunk async for chunk in response.aiter_raw()])
    except UpstreamError as fault:
        raise Failed(Problem.of(fault.error), retry=fault.retry) from fault


def _failed(fault: Problem | UpstreamErrorBody) -> Failed:
    problem = fault if isinstance(fault, Problem) else Problem.of(fault.error)
    return Failed(problem, retry=int(problem.error["status"]) >= 500 or problem.error["status"] == 429)


def _error_of(fault: UpstreamError | FrameError) -> Json:
    if isinstance(fault, UpstreamError):
        return fault.error
    return Problem("bad_gateway", f"The upstream's stream cannot be read: {fault}.", code="upstream_invalid").error


def _headers(exchange: Exchange, media_type: str) -> dict[str, str]:
    """The headers of an answer: what it is, and what was lost on the way to the target and, if it is whole, back."""
    headers = {**exchange.returned, "content-type": media_type}
    lost = [f"{loss.path}:{loss.severity}" for loss in exchange.losses if loss.severity != "drop"]
    lost += [f"{place}:warn" for place in sorted(exchange.hidden)]
    if lost:
        headers["x-torouter-warnings"] = ", ".join(lost).encode("ascii", "replace").decode()[:_WARNINGS]
    return headers


def _stream_headers(exchange: Exchange, plan: Plan) -> dict[str, str]:
    """The headers of a stream: nobody on the way may keep it back."""
    headers = _headers(exchange, plan.client.framing.media_type)
    return {**headers, "cache-control": "no-cache", "x-accel-buffering": "no"}
