"""The two faces of the pipeline, Incoming and Reply, on the server library."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from sanic import Request
from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.http import Stage
from sanic.response import HTTPResponse

from ..pipeline.errors import Problem
from .answer import head_of
from .head import Head

_SMALL = 64 * 1024
_END = b"0\r\n\r\n"  # of a body in chunks


class SanicIncoming:
    """A request whose head has been read."""

    __slots__ = ("_request", "headers", "method", "path", "query", "waited")

    def __init__(self, request: Request) -> None:
        self._request = request
        head: Head | None = getattr(request.stream, "read_head", None)
        self.method = request.method if head is None else head.method
        target = request.raw_url.decode("ascii", "replace") if head is None else head.target
        self.path, _, self.query = target.partition("?")
        self.headers: Mapping[str, str] = {} if head is None else head.fields
        self.waited = 0.0  # seconds for the body

    @property
    def taken(self) -> bool:
        """Whether nothing of the body is still to be read."""
        stream = self._request.stream
        return stream is None or not stream.request_body

    async def read_body(self, limit: int, seconds: float) -> bytes:
        """The whole body. Raises Problem when it is too large, comes too slowly, or has no declared length."""
        stream = self._bounded(limit)
        if stream.request_bytes_left <= len(stream.recv_buffer) and not stream.expecting_continue:  # all is there
            body = await stream.read() if stream.request_body else None
            stream.request_body = None
            return body or b""
        began = time.monotonic()
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(seconds):
                async for part in stream:
                    parts.append(part)
        except TimeoutError as fault:
            raise Problem("timeout", "The body did not arrive in time.", status=408, code="body_timeout") from fault
        except PayloadTooLarge as fault:
            raise _too_large(limit) from fault
        except SanicException as fault:
            raise Problem("invalid_request", "The body is malformed.") from fault
        finally:
            self.waited += time.monotonic() - began
        return b"".join(parts)

    async def body_in_pieces(self, limit: int, seconds: float) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises Problem as `read_body` does, or when nothing comes for `seconds`."""
        stream = self._bounded(limit)
        try:
            while True:
                async with asyncio.timeout(seconds):
                    piece = await stream.read()
                if piece is None:
                    return
                yield piece
        except TimeoutError as fault:
            raise Problem("timeout", "The body did not arrive in time.", status=408, code="body_timeout") from fault
        except SanicException as fault:
            raise Problem("invalid_request", "The body is malformed.") from fault

    def _bounded(self, limit: int) -> Any:
        """The library's stream of a body whose length is declared and allowed. Raises Problem for any other."""
        if "transfer-encoding" in self.headers:
            message = "Send the body with a Content-Length."
            raise Problem("invalid_request", message, status=411, code="length_required")
        if int(self.headers.get("content-length") or 0) > limit:
            raise _too_large(limit)
        stream: Any = self._request.stream
        stream.request_max_size = limit
        return stream


class SanicReply:
    """The way back. `extra` headers go with every answer; while `closing`, each answer closes its connection.

    A client that takes nothing of a stream for `patience` seconds is cut off.
    """

    __slots__ = (
        "_chunked",
        "_extra",
        "_head",
        "_request",
        "_stream",
        "_streaming",
        "closing",
        "patience",
        "sent",
        "status",
        "streams",
        "waited",
    )

    def __init__(self, request: Request, extra: Mapping[str, str], patience: float) -> None:
        self._request = request
        self._stream: Any = request.stream
        self._extra = extra
        self._head = b""  # of a stream of which nothing has been written
        self._chunked = True
        self.patience = patience
        self.closing = False
        self.status = 0
        self.sent = 0
        self.waited = 0.0  # seconds for the client to take what was written
        self.streams: Callable[[int], None] | None = None  # is told of a stream that begins, or ends
        self._streaming = False

    @property
    def started(self) -> bool:
        """Whether the head of the answer has been written."""
        return self.status > 0

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer in one piece. An unread rest of the request is read if it is small, else the connection closes."""
        if self._stream.request_body:
            await self._settle()
        head = self._begin(status, {**headers, "content-length": str(len(body))})
        self._stream.response_func = None  # nothing is left to be said
        if not self._stream.protocol.writable:
            await self._room()
        self._stream.protocol.write(head if self._stream.head_only else head + body)
        self._stream.stage = Stage.IDLE
        self.sent = len(body)

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin a streamed answer; its head leaves with the first piece.

        To a client of HTTP/1.0, which knows no chunks, the end of the connection is the end of the answer.
        """
        self._chunked = not self._stream.read_head.old
        self._stream.keep_alive = self._stream.keep_alive and self._chunked
        self._head = self._begin(status, {**headers, "transfer-encoding": "chunked"} if self._chunked else headers)
        if self.streams is not None:
            self._streaming = True
            self.streams(1)
        self._stream.respond(HTTPResponse(status=status))  # one that is not finished the library finishes
        self._stream.response_func = self._stream.http1_response_chunked
        self._stream.stage = Stage.RESPONSE

    def push(self, data: bytes) -> bool:
        """Write a piece at once, unless the client does not keep up; tells whether it is written."""
        connection = self._stream.protocol
        if not connection.writable:
            return False
        if data:
            self.sent += len(data)
            connection.write(self._chunk(data))
        return True

    async def write(self, data: bytes) -> None:
        """Write a piece; waits while the client does not keep up. Raises CancelledError once it is gone."""
        if data:
            self.sent += len(data)
            await self._room()
            self._stream.protocol.write(self._chunk(data))

    async def finish(self, data: bytes = b"") -> None:
        """End the streamed answer, with a last piece."""
        self.sent += len(data)
        self._stream.response_func = None
        end = _END if self._chunked else b""
        if not self._stream.protocol.writable:
            await self._room()
        self._stream.protocol.write(self._chunk(data, end) if data else self._taken_head() + end)
        self._stream.stage = Stage.IDLE

    def over(self) -> None:
        """Tell that the answer is over, however it ended."""
        if self._streaming and self.streams is not None:
            self._streaming = False
            self.streams(-1)

    def abort(self) -> None:
        """Cut the connection."""
        transport = self._request.transport
        if transport is not None:
            transport.abort()  # type: ignore[attr-defined]

    def _chunk(self, data: bytes, end: bytes = b"") -> bytes:
        if not self._chunked:
            return self._taken_head() + data
        return b"%b%x\r\n%b\r\n%b" % (self._taken_head(), len(data), data, end)

    def _taken_head(self) -> bytes:
        head, self._head = self._head, b""
        return head

    def _begin(self, status: int, headers: Mapping[str, str]) -> bytes:
        """Take the answer over from the library, whose way of writing is slow; gives the head."""
        stream = self._stream
        stream.expecting_continue = False  # a client that asked before sending its body has its answer now
        if self.closing:
            stream.keep_alive = False
        self.status = status
        closing = "keep-alive" if stream.keep_alive else "close"
        return head_of(status, {**headers, **self._extra, "connection": closing})

    async def _room(self) -> None:
        """Wait until the socket takes bytes: what is made of them to be sent is not held meanwhile.

        Raises CancelledError when the client is gone, or takes nothing for too long.
        """
        connection = self._stream.protocol
        if connection.writable:
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.patience):
                await connection.room()
        except TimeoutError as fault:
            self.abort()
            raise asyncio.CancelledError("the client does not read") from fault
        finally:
            self.waited += time.monotonic() - began

    async def _settle(self) -> None:
        """Leave the connection in a state in which the next request begins where it should, or close it."""
        stream = self._stream
        left = int(stream.request_bytes_left)
        if stream.request_body == "chunked" or stream.expecting_continue or left > _SMALL:
            self.closing = True
            return
        stream.request_max_size = _SMALL
        try:
            async with asyncio.timeout(1):
                async for _ in stream:
                    pass
        except (TimeoutError, SanicException):
            self.closing = True


async def linger(request: Request) -> None:
    """After an early answer, read for a moment what the client is still sending.

    Closing at once would reset the connection, and the client might never see the answer.
    """
    stream: Any = request.stream
    if stream is None or not stream.request_body or stream.keep_alive:
        return
    stream.request_max_size = float("inf")
    stream.expecting_continue = False
    try:
        async with asyncio.timeout(1):
            async for _ in stream:
                pass
    except (TimeoutError, SanicException):
        pass
    stream.request_body = None


def _too_large(limit: int) -> Problem:
    return Problem("too_large", f"The body is larger than {limit} bytes.")
