"""One connection to a service: a request, the answer to it, and the next request if both came to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import httptools

from .answer import Answer
from .destination import Origin
from .errors import UpstreamError, broken, malformed, unanswered, unheard

HEAD = 64 * 1024
"""Bytes of a head, and of whatever else comes and is no body, at most."""
HEADERS = 256
READ = 32 * 1024
"""Bytes of one read at most. What a client does not take is held several times on its way: read, joined, written."""
QUEUED = READ
"""Bytes that wait for their reader at most before the service has to wait, too; one read may pass it.

What is a little more than one read comes as one piece: the loop reads again at once where a read was full.
"""

_arrived = memoryview(bytearray(READ))  # of whichever connection is read just now: the parser copies what it needs


class Owner(Protocol):
    """Who has the connections: it is told when an answer is over, and when a connection has ended."""

    def released(self, connection: Connection, *, keep: bool) -> None: ...
    def lost(self, connection: Connection) -> None: ...


class Connection(asyncio.BufferedProtocol):
    """Parses answers as they arrive."""

    _over = _until_end = _interim = _keep = _empty = _paused = False
    _noise = _queued = _length = 0
    _fault: UpstreamError | None = None

    def __init__(self, origin: Origin, owner: Owner) -> None:
        self.origin = origin
        self.uses = 0
        self.since = 0.0  # when it began to wait for its next request
        self.began = False  # a byte of the current answer has come
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._when = 0.0
        self._room: asyncio.Future[None] | None = None
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append  # looked up once by the parser: no call of ours for each piece
        self._headers: list[tuple[bytes, bytes]] = []
        self._parser = httptools.HttpResponseParser(self)

    # one exchange

    def begin(self, answer: Answer, *data: bytes, empty: bool = False) -> None:
        """Send a request, or the beginning of one. `empty` says that the answer has no body, whatever its head says."""
        self._answer, answer.source = answer, self
        self.uses += 1
        self.began = self._over = self._until_end = self._interim = self._keep = False
        self._empty = empty
        self._noise = 0
        for piece in data:
            self.write(piece)
        if self._transport is None:  # it ended before anybody asked
            self._ended(None)

    def write(self, data: bytes) -> None:
        """Send more of the request."""
        if self._transport is not None:
            self._transport.write(data)

    async def room(self) -> None:
        """Wait until the service has read enough of what was sent."""
        if self._room is not None:
            await self._room

    def taken(self) -> bytes:
        """The pieces of the body that have come since the last time."""
        pieces = self._pieces
        if not pieces:
            return b""
        chunk = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._queued = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return chunk

    def watch(self, due: float) -> None:
        """Have the answer look at its clock at `due` at the latest. A timer that rings too early is wound up again."""
        if self._timer is not None:
            if self._when <= due:
                return
            self._timer.cancel()
        self._when = due
        self._timer = self._loop.call_at(due, self._ring)

    def drop(self) -> None:
        """Nobody wants the rest of the answer: close."""
        self._part(keep=False)

    def fail(self, fault: UpstreamError) -> None:
        """Break the answer off, behind what has come of it."""
        if self._answer is not None:
            self._answer.fault = fault
            self._part(keep=False)

    def close(self) -> None:
        """Close an idle connection, in good order."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def stale(self) -> bool:
        """Whether it had been used before, and ended before a byte of the last answer."""
        return self.uses > 1 and not self.began

    @property
    def usable(self) -> bool:
        """Whether a request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    # what the loop says

    def connection_made(self, transport: Any) -> None:  # the faster loop's is no asyncio.Transport
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - as the loop says it
        return _arrived

    def buffer_updated(self, nbytes: int) -> None:
        answer = self._answer
        if answer is None:  # nobody has asked
            self.abort()
            return
        self.began = True
        before = len(self._pieces)
        try:
            self._parser.feed_data(_arrived[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._keep = False
            if not self._over:
                self.fail(self._fault or (broken() if answer.status else unheard()))
                return
        if self._over:
            self._part(keep=self._keep)
        elif len(self._pieces) > before:
            self._noise = 0
            self._queued += nbytes
            if self._queued > QUEUED and not self._paused and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()
            answer.wake()
        else:
            self._noise += nbytes
            if self._noise > HEAD:
                self.fail(broken() if answer.status else unheard())
            elif answer.status:
                answer.wake()

    def eof_received(self) -> None:
        self._ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None  # nothing more can be asked of it
        self._ended(exc)
        if self._timer is not None:
            self._timer.cancel()
        self._owner.lost(self)

    def pause_writing(self) -> None:
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    # what the parser says

    def on_message_begin(self) -> None:
        if self._over:
            raise ValueError("something follows the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._length += len(name) + len(value)
        self._headers.append((name, value))
        if self._length > HEAD or len(self._headers) > HEADERS:
            raise ValueError("the head is too large")

    def on_headers_complete(self) -> None:
        assert self._answer is not None
        status = self._parser.get_status_code()
        headers, self._length = text_of(self._headers), 0
        self._headers.clear()
        self._interim = 100 <= status <= 199
        coding = headers.get("transfer-encoding")
        if not 100 <= status <= 599 or status == 101:
            self._refuse("The upstream's status is not a final one.", "upstream_status")
        elif self._interim:
            return
        elif coding is not None and coding.lower() != "chunked":
            self._refuse("The upstream used an unknown transfer coding.", "upstream_coding")
        self._keep = self._parser.should_keep_alive() and not self._empty
        self._until_end = coding is None and "content-length" not in headers and status not in {204, 304}
        self._answer.status, self._answer.headers = status, headers
        self._over = self._empty

    def on_message_complete(self) -> None:
        self._headers.clear()  # trailers
        self._length = 0
        self._over = not self._interim

    def _refuse(self, message: str, code: str) -> None:
        self._fault = malformed(message, code)
        raise ValueError(message)

    # ends

    def _ended(self, exc: Exception | None) -> None:
        """The service sends nothing more."""
        answer = self._answer
        if answer is None:
            self.abort()
        elif not answer.status:
            self.fail(unanswered())
        elif self._until_end and exc is None:
            self._part(keep=False)
        else:
            self.fail(broken())

    def _part(self, *, keep: bool) -> None:
        """Give the answer what has come of it, and the connection back."""
        answer = self._answer
        if answer is None:
            return
        self._answer, answer.source = None, None
        answer.rest = self.taken()
        answer.wake()
        transport = self._transport
        keep = keep and answer.asked and transport is not None and transport.get_write_buffer_size() == 0
        if not keep:
            self.abort()
            if answer.sending is not None:
                answer.sending.cancel()
        self._owner.released(self, keep=keep)

    def _ring(self) -> None:
        self._timer = None
        again = self._answer.ring() if self._answer is not None else None
        if again is not None:
            self.watch(again)


def text_of(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header names in lower case; repeated ones joined as a list."""
    headers: dict[str, str] = {}
    for key, data in raw:
        name = key.decode("latin-1").lower()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        text = text.strip(" \t")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers
