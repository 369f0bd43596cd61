"""The seam to HTTP services: one prepared request, one answer, every way to fail named; and the client for HTTP/1.1."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

from .answer import Answer, Sink
from .connection import Connection
from .destination import Origin, destination_of, head
from .dial import Dialer
from .encoding import decoded
from .errors import UpstreamError, refused_address, timed_out
from .pool import Pool
from .upload import Upload, send_upload

_JOINED = 64 * 1024
"""Bytes of a body up to which it is copied behind its head, since one small write costs less than two."""

_STOOD_STILL = 0.05
"""Seconds by which a timer is late only where something kept the loop from looking at it."""


class Timers(NamedTuple):
    """Seconds: to connect, until the head of the answer, between two reads, for everything."""

    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 300.0
    total: float = 1800.0


_USUAL = Timers()


@dataclass(slots=True)  # not frozen, as all that is made for each request: that takes five times as long
class UpstreamRequest:
    """One request, ready to be sent. `context` is for transports inside the process: what templates could read."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes | Upload = field(repr=False)
    timers: Timers = _USUAL
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
    over: Callable[[], bool] = lambda: False  # whether all of it has been read, as far as is known
    answer: Answer | None = None  # where the body comes from, if it comes as it is

    def sink(self, sink: Sink | None) -> None:
        """Have pieces handed to a function at once, where that can be done."""
        if self.answer is not None:
            self.answer.sink = sink

    def whole(self) -> bytes | None:
        """The whole body, if all of it has arrived as it is and nothing of it was read."""
        return self.answer.whole() if self.answer is not None else None

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
    """Sends requests over HTTP/1.1: no cookies, no redirects, no proxies or credentials from the environment.

    A pooled connection may be closed by the other side in the moment in which it is taken. A request that met such a
    close before a byte of an answer is sent once more, on a new connection.
    """

    def __init__(self, *, connections: int = 2000, context: ssl.SSLContext | None = None) -> None:
        self._pool = Pool(connections, Dialer(context))

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send, and return when the head of the answer is there. Raises UpstreamError."""
        to, body = destination_of(request.url), request.body
        if not (to.public or request.allow_private):
            raise refused_address()
        whole = isinstance(body, bytes)
        first = head(request.method, to, request.headers, len(body) if isinstance(body, bytes) else body.length)
        began = asyncio.get_running_loop().time()
        origin = to.inside if request.allow_private else to.outside
        connection = self._pool.idle(origin) if whole else None
        if connection is None:
            connection = await self._connected(origin, request.timers, began, fresh=not whole)
        try:
            answer = await _answered(connection, request, first, began)
        except UpstreamError as fault:
            if not (connection.stale and fault.outcome == "reset"):
                raise
            connection = await self._connected(origin, request.timers, began, fresh=True)
            answer = await _answered(connection, request, first, began)
        return _response(answer, request.cap)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def _connected(self, origin: Origin, timers: Timers, began: float, *, fresh: bool) -> Connection:
        """A connection on which nothing is under way, as soon as one may be had. Raises UpstreamError."""
        left = began + min(timers.first_byte, timers.total) - asyncio.get_running_loop().time()
        task = asyncio.create_task(self._pool.connection(origin, fresh=fresh))
        try:
            await _waited(task, min(timers.connect, left))
        except asyncio.CancelledError:
            self._abandon(task)
            raise
        if task.done():
            return task.result()
        self._abandon(task)
        if timers.connect <= left:
            raise timed_out("could not be reached in time", "connect")
        raise timed_out("did not answer in time", "first_byte" if timers.first_byte < timers.total else "total")

    def _abandon(self, task: asyncio.Task[Connection]) -> None:
        """Wait no more for a connection; one that comes nevertheless is given back."""
        task.cancel()
        task.add_done_callback(self._unused)

    def _unused(self, task: asyncio.Task[Connection]) -> None:
        if not task.cancelled() and task.exception() is None:
            self._pool.unused(task.result())


async def _waited(task: asyncio.Task[Connection], seconds: float) -> None:
    """Wait for a connection; if our own loop stood still when the time was over, as long again as it did."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    await asyncio.wait([task], timeout=seconds)
    late = loop.time() - until
    if late > _STOOD_STILL and not task.done():
        await asyncio.wait([task], timeout=late)


async def _answered(connection: Connection, request: UpstreamRequest, first: bytes, began: float) -> Answer:
    """Send a request on a connection; the answer to it once its head is there. Raises UpstreamError."""
    timers, body = request.timers, request.body
    answer = Answer(asyncio.get_running_loop(), timers.idle, began + timers.total, request.cap)
    empty = request.method == "HEAD"
    if not isinstance(body, bytes):
        connection.begin(answer, first, empty=empty)
        answer.send(send_upload(body, connection, answer, timers.first_byte))
    elif len(body) <= _JOINED:
        connection.begin(answer, first + body, empty=empty)
    else:
        connection.begin(answer, first, body, empty=empty)
    await answer.head(began + min(timers.first_byte, timers.total))
    return answer


def _response(answer: Answer, cap: int) -> UpstreamResponse:
    """The answer as everybody reads it, without a coding that was not asked for."""
    headers = answer.headers
    coding = headers.pop("content-encoding", "").lower()
    if coding in {"", "identity"}:
        return UpstreamResponse(answer.status, headers, answer, answer.aclose, answer.over, answer)
    headers.pop("content-length", None)
    chunks = decoded(answer, coding, cap)
    return UpstreamResponse(answer.status, headers, chunks, partial(_close, chunks, answer))


async def _close(chunks: AsyncGenerator[bytes, None], answer: Answer) -> None:
    await chunks.aclose()
    await answer.aclose()
