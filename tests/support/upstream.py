"""A loopback upstream: answers every POST with bytes chosen by the request's model, cut at odd places."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """What the upstream sends. `cut` ends the connection after so many bytes, in the middle of the answer."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass(slots=True)
class Upstream:
    """A running upstream: its address and the requests it has seen."""

    url: str
    seen: list[dict[str, Any]] = field(default_factory=list)


Script = Callable[[str], Reply]
"""From the model's name to the reply."""


@asynccontextmanager
async def upstream(script: Script, pieces: int = 6) -> AsyncIterator[Upstream]:
    """Serve the script on a free port of the loopback until the block ends."""
    running = Upstream("")

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):     # idle at the end
            while True:
                await _exchange(reader, writer, script, running, pieces)
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    running.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield running
    finally:
        server.close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, script: Script, running: Upstream, pieces: int
) -> None:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    body = json.loads(raw)
    running.seen.append({"target": lines[0].split(" ")[1], "headers": headers, "raw": raw, "body": body})
    address = lines[0].split(" ")[1].partition("?")[0]
    reply = script(body.get("model") or address.rpartition("/")[2])     # some protocols name it in the address
    head = {"content-type": reply.content_type, "transfer-encoding": "chunked", **reply.headers}
    writer.write(f"HTTP/1.1 {reply.status} Recorded\r\n".encode())
    writer.write("".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + b"\r\n")
    for piece in _cut(reply.body[: reply.cut], pieces):
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
        await asyncio.sleep(0)
    if reply.cut is not None:
        writer.transport.abort()
        raise ConnectionAbortedError
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def _cut(body: bytes, pieces: int) -> list[bytes]:
    """The same cuts for the same body, also inside a character or a line end."""
    chance = random.Random(len(body))
    places = sorted({chance.randrange(1, len(body)) for _ in range(pieces)}) if len(body) > 1 else []
    return [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True)]
