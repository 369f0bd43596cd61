"""The floor: the least that a gateway on the same server library can do, without keys, routing, checks or counting.

It hands requests on over a client of a few lines. With `parse` it also reads and writes anew all JSON on the way, there
and back, event by event: what any translation costs at least.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import httptools
import orjson
from sanic import HTTPResponse, Request, Sanic

_END = object()


class Connection(asyncio.Protocol):
    """One connection upstream, for one request at a time."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.news: asyncio.Queue[Any] = asyncio.Queue()
        self.kind = b""
        self.pieces: list[bytes] = []

    def connection_made(self, transport: Any) -> None:  # the faster loop's is no asyncio.Transport
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)
        if self.pieces:  # what one read brought stays together
            pieces, self.pieces = self.pieces, []
            end = pieces and pieces[-1] is _END
            self.news.put_nowait(b"".join(pieces[:-1] if end else pieces))
            if end:
                self.news.put_nowait(_END)
                self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self.kind = value

    def on_headers_complete(self) -> None:
        self.news.put_nowait(self.parser.get_status_code())

    def on_body(self, body: bytes) -> None:
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        self.pieces.append(_END)  # type: ignore[arg-type]

    async def body(self) -> AsyncIterator[bytes]:
        while (piece := await self.news.get()) is not _END:
            yield piece


class Pool:
    """Connections to one upstream that wait for their next request."""

    def __init__(self, host: str, port: int) -> None:
        self._place = (host, port)
        self._idle: list[Connection] = []

    async def ask(self, path: str, body: bytes) -> tuple[Connection, int]:
        if self._idle:
            connection = self._idle.pop()
        else:
            _, connection = await asyncio.get_running_loop().create_connection(Connection, *self._place)
        head = f"POST {path} HTTP/1.1\r\nhost: upstream\r\ncontent-type: application/json\r\n"
        connection.transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        return connection, await connection.news.get()

    def put_back(self, connection: Connection) -> None:
        self._idle.append(connection)


def anew(raw: bytes) -> bytes:
    """A JSON object, read and written again with another member."""
    return orjson.dumps({**orjson.loads(raw), "seen": True})


def events_anew(data: bytes) -> tuple[bytes, bytes]:
    """The whole frames of server-sent events, each read and written again, and what is left."""
    *frames, rest = data.split(b"\n\n")
    out = []
    for frame in frames:
        head, at, payload = frame.rpartition(b"data: ")
        out.append(frame if payload == b"[DONE]" else head + at + anew(payload))
    return b"\n\n".join([*out, b""]) if out else b"", rest


def make_app(host: str, port: int, *, parse: bool) -> Sanic[Any, Any]:
    """Build an application that hands every request on and every answer back, one write for each read."""
    app: Sanic[Any, Any] = Sanic("floor", configure_logging=False)
    app.config.ACCESS_LOG = False
    pool = Pool(host, port)

    @app.post("/<path:path>")
    async def relay(request: Request, path: str) -> HTTPResponse | None:  # noqa: ARG001 - as the library gives it
        asked = request.path + (f"?{request.query_string}" if request.query_string else "")
        connection, status = await pool.ask(asked, anew(request.body) if parse else request.body)
        kind = connection.kind.decode()
        if kind == "application/json":
            raw = b"".join([piece async for piece in connection.body()])
            pool.put_back(connection)
            return HTTPResponse(anew(raw) if parse else raw, status=status, content_type=kind)
        response = await request.respond(status=status, content_type=kind)
        rest = b""
        async for piece in connection.body():
            if parse:
                piece, rest = events_anew(rest + piece)
            if piece:
                await response.send(piece)
        pool.put_back(connection)
        await response.eof()
        return None

    return app


if __name__ == "__main__":
    make_app("127.0.0.1", int(sys.argv[2]), parse="parse" in sys.argv).run(
        host="127.0.0.1", port=int(sys.argv[1]), single_process=True, motd=False, access_log=False, debug=False
    )
