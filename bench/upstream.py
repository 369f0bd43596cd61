"""A provider made of canned answers, in a process of its own: the protocol is told by the path, all bytes made before.

A model whose name ends in `slow` streams one event each 0.4 seconds; any other streams all at once.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import Any

from .canned import ANSWERS, SLOW_EVENTS, Canned

PAUSE = 0.4
_IN_A_CHUNK = 20  # frames that a provider hands to its socket at once
_STREAMED = (b'"stream":true', b'"stream": true')
_SLOW = b'slow"'
_PATHS = {
    b"/chat/completions": "openai-chat",
    b"/messages": "anthropic-messages",
    b"/responses": "openai-responses",
    b"enerateContent": "gemini-generate",
}
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_LAST = b"0\r\n\r\n"


def chunked(piece: bytes) -> bytes:
    """A piece of a body whose length is not known."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


@dataclass(frozen=True, slots=True)
class Ready:
    """The answers of one protocol, heads and all."""

    whole: bytes
    burst: bytes
    slow: tuple[bytes, ...]

    @classmethod
    def of(cls, canned: Canned) -> Ready:
        frames = canned.stream(200)
        pieces = [b"".join(frames[at : at + _IN_A_CHUNK]) for at in range(0, len(frames), _IN_A_CHUNK)]
        slow = [chunked(frame) for frame in canned.stream(SLOW_EVENTS)]
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(canned.whole)
        burst = b"".join([_STREAM_HEAD, *map(chunked, pieces), _LAST])
        return cls(head + canned.whole, burst, (_STREAM_HEAD + slow[0], *slow[1:-1], slow[-1] + _LAST))


READY = {path: Ready.of(ANSWERS[name]) for path, name in _PATHS.items()}


class Provider(asyncio.Protocol):
    """Answers one request after the other on a connection."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.missing = 0

    def connection_made(self, transport: Any) -> None:  # the faster loop's is no asyncio.Transport
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        self.missing -= len(data)
        if self.missing <= 0:
            self._requests(b"".join(self.pieces))

    def _requests(self, buffer: bytes) -> None:
        """Answer the requests that are whole; one that is not waits."""
        while (end := buffer.find(b"\r\n\r\n") + 4) >= 4:
            head = buffer[:end].lower()
            at = head.find(b"content-length:")
            size = end + (int(head[at + 15 : head.find(b"\r", at)]) if at >= 0 else 0)
            if len(buffer) < size:
                self.missing = size - len(buffer)
                break
            self._answer(buffer[: buffer.find(b"\r\n")], buffer[end:size])
            buffer = buffer[size:]
        self.pieces = [buffer] if buffer else []

    def _answer(self, line: bytes, body: bytes) -> None:
        ready = next((found for path, found in READY.items() if path in line), None)
        if ready is None:
            self.transport.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}")
        elif b":streamGenerateContent" not in line and not any(mark in body for mark in _STREAMED):
            self.transport.write(ready.whole)
        elif _SLOW in body:
            self._next(ready.slow, 0)
        else:
            self.transport.write(ready.burst)

    def _next(self, pieces: tuple[bytes, ...], number: int) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(pieces[number])
        if number + 1 < len(pieces):
            asyncio.get_running_loop().call_later(PAUSE, self._next, pieces, number + 1)


async def serve(port: int) -> None:
    """Answer on a port until stopped."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1])))
