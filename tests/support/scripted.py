"""An upstream made of a script: each connection gets the next scene, byte for byte, and is recorded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Seen:
    """One request as it arrived on the wire, and what became of its connection."""

    head: bytes = b""
    body: bytes = b""
    peer: int = 0  # the port of the other side: the same for all requests of a connection
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    stalled: asyncio.Event = field(default_factory=asyncio.Event)  # the other side does not read what it is sent
    over: asyncio.Event = field(default_factory=asyncio.Event)  # the script has come to its end

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines if line)}


@dataclass
class Scene:
    """What happens on one connection; every step is a method that the script calls."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: Seen

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        try:
            async with asyncio.timeout(0.2):
                await self.writer.drain()
        except TimeoutError:
            self.seen.stalled.set()
            await self.writer.drain()

    async def head(self, status: int = 200, content_type: str = "application/json", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-type: {content_type}", *(f"{n}: {v}" for n, v in headers.items())]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def answer(
        self, body: bytes, status: int = 200, content_type: str = "application/json", **extra: str
    ) -> None:
        await self.head(status, content_type, **{"content-length": str(len(body)), **extra})
        await self.send(body)

    async def stream(self, *chunks: bytes, content_type: str = "text/event-stream", end: bool = True) -> None:
        """A chunked answer: each piece is one chunk of its own."""
        await self.head(200, content_type, **{"transfer-encoding": "chunked"})
        for chunk in chunks:
            await self.chunk(chunk)
        if end:
            await self.send(b"0\r\n\r\n")

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))
        await asyncio.sleep(0)

    def reset(self) -> None:
        self.writer.transport.abort()

    async def hold(self) -> None:
        """Say nothing until the other side is gone."""
        await self.seen.gone.wait()


Script = Callable[[Scene], Awaitable[None]]


class Upstream:
    """A scripted server on loopback; the last script is used for all further connections."""

    def __init__(self, *scripts: Script, port: int = 0) -> None:
        self._scripts = list(scripts)
        self._port = port
        self.seen: list[Seen] = []
        self.arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Upstream:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        while self._tasks:  # again for one that was just waiting for what it had cancelled itself
            for task in list(self._tasks):
                task.cancel()
            await asyncio.wait(self._tasks, timeout=0.1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._connection(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen = Seen(peer=writer.get_extra_info("peername")[1])
            head = await reader.readuntil(b"\r\n\r\n")
            seen.head = head[:-4]
            seen.body = await reader.readexactly(int(seen.headers.get("content-length", 0)))
            self.seen.append(seen)
            self.arrived.set()
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            watch = asyncio.create_task(_watch(reader, seen))
            try:
                await script(Scene(reader, writer, seen))
            except OSError:
                seen.gone.set()
                raise
            finally:
                seen.over.set()
                watch.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watch
            if seen.gone.is_set() or b"content-length" not in seen.head.lower():
                return
            if writer.transport.is_closing():
                return


async def _watch(reader: asyncio.StreamReader, seen: Seen) -> None:
    """Notice when the other side closes, without taking bytes of a next request."""
    while not reader.at_eof() and reader.exception() is None:
        await asyncio.sleep(0.005)
    seen.gone.set()
