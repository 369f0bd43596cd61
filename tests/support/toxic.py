"""A proxy on loopback that harms what passes through it: each connection goes on to one server, with toxics both ways."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Toxic:
    """What becomes of the bytes that go one way; sizes in bytes, times in seconds. Nothing is harmed by default.

    `pieces` is the size of the pieces in which they go on, `latency` the time that each takes, `rate` how many go on in
    a second. After `limit` bytes they end: in a close, or a reset (`reset`), or nothing more comes (`hold`).
    """

    latency: float = 0.0
    pieces: int = 0
    rate: float = 0.0
    limit: int = -1
    reset: bool = False
    hold: bool = False


HARMLESS = Toxic()


class ToxicProxy:
    """Listens while it is entered; `down` and `up` may be changed meanwhile, for connections that come then.

    `down` harms what the server says, `up` what the client does.
    """

    def __init__(self, port: int, *, down: Toxic = HARMLESS, up: Toxic = HARMLESS, listens: int = 0) -> None:
        self._server_port = port
        self._listens = listens
        self.down = down
        self.up = up
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ToxicProxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._listens)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._join(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._server_port)
        ways = [
            asyncio.create_task(_pass(there, writer, self.down)),
            asyncio.create_task(_pass(reader, back, self.up)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            back.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, toxic: Toxic) -> None:
    """Pass bytes on until one side ends, or the toxic ends it."""
    left = toxic.limit
    async for piece in _pieces(reader, toxic.pieces or 65_536):
        taken = piece if left < 0 else piece[:left]
        if toxic.latency or toxic.rate:
            await asyncio.sleep(toxic.latency + (len(taken) / toxic.rate if toxic.rate else 0.0))
        writer.write(taken)
        await writer.drain()
        if left >= 0:
            left -= len(taken)
            if left == 0:
                await _end(writer, toxic)
                return
    writer.close()


async def _pieces(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while data := await reader.read(65_536):
        for place in range(0, len(data), size):
            yield data[place : place + size]
            await asyncio.sleep(0)


async def _end(writer: asyncio.StreamWriter, toxic: Toxic) -> None:
    if toxic.hold:
        await asyncio.Event().wait()
    if toxic.reset:
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()
