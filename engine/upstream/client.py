"""The HTTP client: one prepared request, one answer, every way to fail named."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Protocol

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from .address import check_literal, connector
from .encoding import decoded
from .errors import broken, closed_unanswered, malformed, timed_out, too_large, unconnected
from .upload import Upload, Uploading

_reused: ContextVar[bool] = ContextVar("reused", default=False)  # whether the running call took a pooled connection


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds: to connect, until the head of the answer, between two reads, for everything."""

    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 300.0
    total: float = 1800.0


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One request, ready to be sent. `context` is for transports inside the process: what templates could read."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes | Upload = field(repr=False)
    timers: Timers = Timers()
    cap: int = 64 * 1024 * 1024
    allow_private: bool = False
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class UpstreamResponse:
    """An answer whose head has arrived. Header names are lower case. Whoever got it must `aclose` it."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]

    def aiter_raw(self) -> AsyncIterator[bytes]:
        """The body as it arrives; raises UpstreamError when it does not arrive whole."""
        return self.chunks

    async def aclose(self) -> None:
        """Let go of the connection; what has not been read is not wanted any more."""
        await self.close()


class Transport(Protocol):
    """Whatever answers an UpstreamRequest; raises UpstreamError."""

    async def send(self, request: UpstreamRequest) -> UpstreamResponse: ...
    async def aclose(self) -> None: ...


class Client:
    """Sends requests over HTTP: no cookies, no redirects, no proxies or credentials from the environment.

    A pooled connection may be closed by the other side in the moment in which it is taken. A request that met such a
    close before a byte of an answer is sent once more, on a new connection.
    """

    def __init__(self, *, connections: int = 2000, verify: ssl.SSLContext | bool = True) -> None:
        self._connections = connections
        self._verify = verify
        self._transports: dict[tuple[bool, bool], AiohttpTransport] = {}

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send, and return when the head of the answer is there. Raises UpstreamError."""
        if not request.allow_private:
            check_literal(request.url)
        timers = request.timers
        deadline = asyncio.get_running_loop().time() + timers.total
        try:
            async with asyncio.timeout(min(timers.first_byte, timers.total)) as timer:
                prepared = _prepared(request, timer, deadline)
                answer = await self._exchange(prepared, request.allow_private)
        except TimeoutError as fault:
            late = "first_byte" if timers.first_byte < timers.total else "total"
            raise timed_out("did not answer in time", late) from fault
        except Exception as fault:
            raise unconnected(fault) from fault
        if not 200 <= answer.status_code <= 599:
            await answer.aclose()
            raise malformed("The upstream's status is not a final one.", "upstream_status")
        headers = _headers(answer)
        chunks = _timed(answer, deadline, timers.idle, request.cap)
        coding = headers.pop("content-encoding", "identity").lower()
        if coding not in ("", "identity"):
            chunks = decoded(chunks, coding, request.cap)
            headers.pop("content-length", None)
        return UpstreamResponse(answer.status_code, headers, chunks, partial(_close, chunks, answer))

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def _exchange(self, prepared: httpx.Request, private: bool) -> httpx.Response:
        """Send, a second time where the first met a stale connection; what cannot be sent twice gets a new one."""
        if isinstance(prepared.stream, Uploading):
            return await self._transport(private, pooled=False).handle_async_request(prepared)
        _reused.set(False)
        try:
            return await self._transport(private, pooled=True).handle_async_request(prepared)
        except (httpx.TransportError, aiohttp.ClientError, OSError) as fault:
            if not (_reused.get() and closed_unanswered(fault)):
                raise
        return await self._transport(private, pooled=False).handle_async_request(prepared)

    def _transport(self, private: bool, *, pooled: bool) -> AiohttpTransport:
        """The transport of a pool; made on first use because a pool belongs to the running loop."""
        if (private, pooled) not in self._transports:
            context = self._verify if isinstance(self._verify, ssl.SSLContext) else ssl.create_default_context()
            session = aiohttp.ClientSession(
                connector=connector(context, private=private, limit=self._connections, keep=pooled),
                trace_configs=[_trace()] if pooled else [],
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
            transport = AiohttpTransport(verify=context, trust_env=False, client=session)
            self._transports[private, pooled] = transport
        return self._transports[private, pooled]


_url = lru_cache(1024)(httpx.URL)  # the same few addresses, whose parsing takes longer than all else in a request


def _headers(answer: httpx.Response) -> dict[str, str]:
    """Header names in lower case; repeated ones joined as a list."""
    headers: dict[str, str] = {}
    try:
        for raw, value in answer.headers.raw:
            name, text = raw.decode("ascii").lower(), value.decode("ascii")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
    except UnicodeDecodeError:  # the library finds out what the others are written in
        return {name.lower(): value for name, value in answer.headers.items()}
    return headers


def _prepared(request: UpstreamRequest, timer: asyncio.Timeout, deadline: float) -> httpx.Request:
    headers = [*request.headers, ("accept-encoding", "identity")]
    connect = request.timers.connect
    extensions = {"timeout": {"connect": connect, "pool": connect}}  # the second is for finding the name, too
    url = _url(request.url)
    if isinstance(request.body, bytes):
        return httpx.Request(request.method, url, headers=headers, content=request.body, extensions=extensions)
    headers.append(("content-length", str(request.body.length)))
    stream = Uploading(request.body, timer, request.timers.first_byte, deadline)
    return httpx.Request(request.method, url, headers=headers, stream=stream, extensions=extensions)


def _trace() -> aiohttp.TraceConfig:
    """Take note of calls that got a pooled connection."""

    async def reused(*_: object) -> None:
        _reused.set(True)

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(reused)
    return trace


async def _close(chunks: AsyncGenerator[bytes, None], answer: httpx.Response) -> None:
    await chunks.aclose()
    await answer.aclose()


async def _timed(answer: httpx.Response, deadline: float, idle: float, cap: int) -> AsyncGenerator[bytes, None]:
    """The raw bytes of the body, with the idle and the total timer running and the size counted."""
    loop = asyncio.get_running_loop()
    stream = answer.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    chunks = stream.__aiter__()
    total = 0
    while True:
        try:
            async with asyncio.timeout_at(min(loop.time() + idle, deadline)):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as fault:
            if loop.time() < deadline:
                raise timed_out("fell silent", "idle") from fault
            raise timed_out("took too long", "total") from fault
        except Exception as fault:
            raise broken() from fault
        total += len(chunk)
        if total > cap:
            raise too_large(cap)
        yield chunk
