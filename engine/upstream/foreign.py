"""What is common to transports that are made of a library: its answers with our timers, caps and names of faults."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import httpx

from .address import check_literal
from .client import UpstreamRequest, UpstreamResponse
from .connection import text_of
from .encoding import decoded
from .errors import UpstreamError, broken, malformed, timed_out, too_large
from .upload import Upload

_url = lru_cache(1024)(httpx.URL)  # the same few addresses, whose parsing takes longer than all else in a request


@dataclass(frozen=True, slots=True)
class Foreign:
    """A library's answer, whose head has arrived."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


class ForeignClient(ABC):
    """A transport made of a library: no cookies, no redirects, no proxies or credentials from the environment."""

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send, and return when the head of the answer is there. Raises UpstreamError."""
        if not request.allow_private:
            check_literal(request.url)
        timers = request.timers
        deadline = asyncio.get_running_loop().time() + timers.total
        try:
            async with asyncio.timeout(min(timers.first_byte, timers.total)) as timer:
                answer = await self._exchange(request, Patience(timer, timers.first_byte, deadline))
        except TimeoutError as fault:
            late = "first_byte" if timers.first_byte < timers.total else "total"
            raise timed_out("did not answer in time", late) from fault
        except Exception as fault:
            raise self._named(fault) from fault
        if not 200 <= answer.status <= 599:
            await answer.close()
            raise malformed("The upstream's status is not a final one.", "upstream_status")
        headers = text_of(answer.headers)
        chunks = _timed(answer, deadline, timers.idle, request.cap)
        coding = headers.pop("content-encoding", "identity").lower()
        if coding not in ("", "identity"):
            chunks = decoded(chunks, coding, request.cap)
            headers.pop("content-length", None)
        return UpstreamResponse(answer.status, headers, chunks, partial(_close, chunks, answer))

    @abstractmethod
    async def aclose(self) -> None:
        """Close all connections."""

    @abstractmethod
    async def _exchange(self, request: UpstreamRequest, patience: Patience) -> Foreign:
        """The library's answer to a request."""

    @abstractmethod
    def _named(self, fault: Exception) -> UpstreamError:
        """The name of what the library raised before there was an answer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the head of an answer is waited for: `seconds` after the last piece of the request, until `deadline`."""

    timer: asyncio.Timeout
    seconds: float
    deadline: float

    async def pieces(self, upload: Upload) -> AsyncIterator[bytes]:
        """The pieces of an upload; as long as they move, the wait for an answer begins anew."""
        loop = asyncio.get_running_loop()
        async for chunk in upload.chunks():
            if not self.timer.expired():
                self.timer.reschedule(min(loop.time() + self.seconds, self.deadline))
            yield chunk


def prepared(request: UpstreamRequest, patience: Patience) -> httpx.Request:
    """A request in the form that the libraries take."""
    connect = request.timers.connect
    extensions = {"timeout": {"connect": connect, "pool": connect}}  # the second is for finding the name, too
    url, body = _url(request.url), request.body
    headers = [*request.headers, ("accept-encoding", "identity")]
    if isinstance(body, bytes):
        return httpx.Request(request.method, url, headers=headers, content=body, extensions=extensions)
    headers += [("host", url.netloc.decode("ascii")), ("content-length", str(body.length))]
    stream = _Uploading(patience.pieces(body))
    return httpx.Request(request.method, url, headers=headers, stream=stream, extensions=extensions)


class _Uploading(httpx.AsyncByteStream):
    """The pieces of an upload on their way."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


async def _close(chunks: AsyncGenerator[bytes, None], answer: Foreign) -> None:
    await chunks.aclose()
    await answer.close()


async def _timed(answer: Foreign, deadline: float, idle: float, cap: int) -> AsyncGenerator[bytes, None]:
    """The raw bytes of the body, with the idle and the total timer running and the size counted."""
    loop = asyncio.get_running_loop()
    total = 0
    while True:
        try:
            async with asyncio.timeout_at(min(loop.time() + idle, deadline)):
                chunk = await anext(answer.chunks)
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
