"""A connection of the server library, made strict: bad heads are refused at once, and slow ones in time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from sanic.exceptions import BadRequest, BadURL
from sanic.http import Http, Stage
from sanic.server.protocols.http_protocol import HttpProtocol

from .head import hopeless

_LINGER = 1.0


class _Requests(Http):
    """The requests of one connection, one after the other."""

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
