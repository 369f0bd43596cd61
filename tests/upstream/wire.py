"""A connection without a network: what it sends is kept, what it receives is handed to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from torouter.upstream.answer import Answer
from torouter.upstream.connection import Connection
from torouter.upstream.destination import Origin
from torouter.upstream.errors import UpstreamError

ORIGIN = Origin(tls=False, host="one.test", port=80, private=False)


class Line:
    """The transport of a connection."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.unsent = 0
        self.closing = False
        self.paused = 0

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def pause_reading(self) -> None:
        self.paused += 1

    def resume_reading(self) -> None:
        if self.closing:
            raise RuntimeError("the handler is closed")
        self.paused -= 1


class Owner:
    """Who has the connections; `back` are those that may be used again."""

    def __init__(self) -> None:
        self.back: list[Connection] = []
        self.gone: list[Connection] = []
        self.ended: list[Connection] = []

    def released(self, connection: Connection, *, keep: bool) -> None:
        (self.back if keep else self.gone).append(connection)

    def lost(self, connection: Connection) -> None:
        self.ended.append(connection)


def hear(connection: Connection, data: bytes) -> None:
    """Have some bytes arrive, in as many reads as they need."""
    while data:
        room = connection.get_buffer(-1)
        part, data = data[: len(room)], data[len(room) :]
        room[: len(part)] = part
        connection.buffer_updated(len(part))


class Wire:
    """A connection with an answer under way."""

    def __init__(self, *, cap: int = 10_000_000, empty: bool = False) -> None:
        self.line, self.owner = Line(), Owner()
        self.connection = Connection(ORIGIN, self.owner)
        self.connection.connection_made(self.line)
        self.cap = cap
        self.ask(empty=empty)

    def ask(self, *, empty: bool = False) -> Answer:
        loop = asyncio.get_running_loop()
        self.answer = Answer(loop, 60, loop.time() + 600, self.cap)
        self.connection.begin(self.answer, b"GET / HTTP/1.1\r\n\r\n", empty=empty)
        return self.answer

    def hear(self, pieces: Iterable[bytes]) -> None:
        """Receive, as long as the connection is open."""
        for piece in pieces:
            if self.line.closing:
                return
            hear(self.connection, piece)

    async def outcome(self) -> tuple[object, ...]:
        """All that can be known of the answer now, and whether the connection may be used again."""
        try:
            await self.answer.head(self.answer.deadline)
            body = b"".join([piece async for piece in self.answer])
        except UpstreamError as fault:
            return fault.outcome, self.answer.status
        return self.answer.status, tuple(self.answer.headers.items()), body, bool(self.owner.back)
