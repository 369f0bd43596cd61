"""A connection of the server library, made strict: bad heads are refused at once, and slow ones in time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any, cast

from sanic.compat import Header
from sanic.exceptions import BadRequest, BadURL, ExpectationFailed, PayloadTooLarge
from sanic.http import Http, Stage
from sanic.models.protocol_types import TransportProtocol
from sanic.server.protocols.http_protocol import HttpProtocol

from .head import Head, RefusedHead, hopeless

_LINGER = 1.0
_UNREAD = 32 * 1024  # bytes that wait for a client at most before it is waited for
_END = b"\r\n\r\n"
_NONE = Header()  # what the library would read of a head; nothing does, for `read_head` is there


class _Requests(Http):
    """The requests of one connection, one after the other. `read_head` is that of the request that is answered now."""

    __slots__ = ("read_head",)

    read_head: Head | None
    request_body: Any  # the library means more than its types say: none, some, or the word for chunks
    request_bytes_left: int

    async def http1_request_header(self) -> None:
        """Read the next head, once and strictly; the library's way would read it leniently, and with regard to it.

        Raises BadRequest, PayloadTooLarge and ExpectationFailed.
        """
        self.read_head = None
        raw = await self._raw_head()
        try:
            head = self.protocol.app.ctx.check.read(raw)
        except RefusedHead as fault:
            self.url = _address(raw)
            raise BadRequest("Bad Request") from fault
        fields, self.url = head.fields, head.target
        self.keep_alive, self.head_only = head.persists, head.method == "HEAD"
        self.upgrade_websocket = fields.get("upgrade", "").lower() == "websocket"
        request = self.protocol.request_class(
            url_bytes=head.target.encode(),
            headers=_NONE,
            head=raw,
            version="1.0" if head.old else "1.1",
            method=head.method,
            transport=cast("TransportProtocol", self.protocol.transport),
            app=self.protocol.app,
        )
        self._expect_body(fields)
        del self.recv_buffer[: len(raw) + (2 if self.request_body == "chunked" else 4)]  # it reads a line end first
        self.read_head, self.request, request.stream = head, request, self

    async def _raw_head(self) -> bytes:
        """The bytes before the empty line."""
        buffer, seen = self.recv_buffer, 0
        while (end := buffer.find(_END, max(0, seen - 3))) < 0 and len(buffer) < self.HEADER_MAX_SIZE:
            seen = len(buffer)
            await self._receive_more()
        if not 0 <= end < self.HEADER_MAX_SIZE:
            raise PayloadTooLarge("Request header exceeds the size limit")
        return bytes(buffer[:end])

    def _expect_body(self, fields: Mapping[str, str]) -> None:
        self.request_bytes_left = self.request_bytes = 0
        if "content-length" not in fields and "transfer-encoding" not in fields:
            return
        if (expected := fields.get("expect")) is not None:
            if expected.lower() != "100-continue":
                raise ExpectationFailed("Unknown Expect")
            self.expecting_continue = True
        if "transfer-encoding" in fields:
            self.request_body = "chunked"
        else:
            self.request_body = True
            self.request_bytes_left = self.request_bytes = int(fields["content-length"])

    async def error_response(self, exception: Exception) -> None:
        """Answer with an error; one that is about the head is the last answer of its connection."""
        if self.stage is Stage.REQUEST:
            self.protocol.ends = True  # type: ignore[attr-defined]
        await super().error_response(exception)

    def create_empty_request(self) -> None:
        """Make a request for the error handlers where there is none; an address that is none is not shown to them."""
        try:
            super().create_empty_request()
        except BadURL:
            self.url = None
            super().create_empty_request()


class Connection(HttpProtocol):
    """One client's connection. `ends` once its last answer is about a head that was not taken."""

    HTTP_CLASS = _Requests
    __slots__ = ("_lingers", "ends")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ends = False
        self._lingers = False

    def connection_made(self, transport: Any) -> None:
        """Begin; a client that reads slowly is waited for sooner than the library would."""
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        transport.set_write_buffer_limits(high=_UNREAD)

    @property
    def writable(self) -> bool:
        """Whether bytes can be written now, without waiting for the client."""
        return self._can_write.is_set() and self.transport is not None and not self.transport.is_closing()

    async def room(self) -> None:
        """Wait until it is `writable`. Raises CancelledError when the client is gone."""
        await self._can_write.wait()
        if not self.writable:
            raise asyncio.CancelledError("the client is gone")

    def write(self, data: bytes) -> None:
        """Write some bytes at once; only where it is `writable`."""
        assert self.transport is not None
        self.transport.write(data)
        self._time = time.monotonic()

    async def receive_more(self) -> None:
        """Wait for more bytes. Raises BadRequest when a head has begun that can become no good one.

        Raises CancelledError when none can come: the library asks for the rest of a body also when its client is gone.
        """
        if self.conn_info is not None and self.conn_info.lost:
            raise asyncio.CancelledError
        if self._http.stage is Stage.REQUEST and hopeless(self.recv_buffer):
            raise BadRequest("Bad Request")
        await super().receive_more()  # type: ignore[no-untyped-call]

    def data_received(self, data: bytes) -> None:
        """Take some bytes; the time that a head may take is not prolonged by parts of it."""
        if self._lingers:
            return
        before = self._time
        super().data_received(data)
        http = getattr(self, "_http", None)
        if http is not None and http.stage is Stage.REQUEST:
            self._time = before

    def close(self, timeout: float | None = None) -> None:
        """Close; behind a refused head, read on for a moment, else a reset could overtake the answer."""
        if self.ends and not self._lingers and self.transport is not None and not self.transport.is_closing():
            self._lingers = True
            with contextlib.suppress(OSError):  # the client is gone already
                self.transport.write_eof()
            self.transport.resume_reading()
            self.loop.call_later(_LINGER, self.close)
            return
        super().close(timeout)


def _address(head: bytes) -> str | None:
    """The address in a head that is not taken: it says whose clients will read the error."""
    line = head.partition(b"\r\n")[0].decode(errors="surrogateescape").split(" ")
    return line[1] if len(line) == 3 else None
