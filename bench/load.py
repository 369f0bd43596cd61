"""Load: a bounded number of requests over a bounded number of connections, every answer checked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httptools

LONGEST = 120.0


class WrongAnswer(Exception):
    """A server answered otherwise than it had to."""


@dataclass(slots=True)
class Seen:
    """What a run brought: seconds of each request, and how many times the marker has come so far."""

    seconds: list[float] = field(default_factory=list)
    marks: int = 0
    begun: int = 0
    done: int = 0


class Asker(asyncio.Protocol):
    """One connection that sends the same request `count` times, one after the other.

    `check` is given each whole body and tells what is wrong with it; `marker` is counted in what arrives.
    """

    def __init__(self, request: bytes, count: int, check: Callable[[bytes], str], marker: bytes, seen: Seen) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._left = count
        self._check = check
        self._marker = marker
        self._seen = seen
        self._pieces: list[bytes] = []
        self._began = 0.0

    def connection_made(self, transport: Any) -> None:  # the faster loop's is no asyncio.Transport
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, WrongAnswer) as fault:
            self._fail(fault)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or WrongAnswer("the connection was closed"))

    def on_body(self, body: bytes) -> None:
        if not self._pieces:
            self._seen.begun += 1
        self._pieces.append(body)
        self._seen.marks += body.count(self._marker)

    def on_message_complete(self) -> None:
        self._seen.seconds.append(time.perf_counter() - self._began)
        self._seen.done += 1
        body, self._pieces = b"".join(self._pieces), []
        status = self._parser.get_status_code()
        wrong = self._check(body) if status == 200 else f"status {status}"
        if wrong:
            self._fail(WrongAnswer(f"{wrong}: {body[:300]!r}"))
        elif self._left:
            asyncio.get_running_loop().call_soon(self._ask)
        elif not self.ended.done():
            self.ended.set_result(None)
            self._transport.close()

    def _ask(self) -> None:
        self._left -= 1
        self._parser = httptools.HttpResponseParser(self)
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def _fail(self, fault: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(fault)
            self._transport.abort()


async def run(
    port: int, request: bytes, check: Callable[[bytes], str], *, connections: int, count: int,
    marker: bytes = b"\n", seen: Seen | None = None, spread: float = 0.0,
) -> Seen:  # fmt: skip
    """Send a request `count` times over each connection, all of which begin within `spread` seconds.

    Raises WrongAnswer, OSError and TimeoutError.
    """
    found = seen or Seen()

    async def ask(number: int) -> None:
        await asyncio.sleep(spread * number / connections)
        make = asyncio.get_running_loop().create_connection
        _, asker = await make(lambda: Asker(request, count, check, marker, found), "127.0.0.1", port)
        await asker.ended

    async with asyncio.timeout(LONGEST):
        await asyncio.gather(*map(ask, range(connections)))
    return found


def post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Write a request as bytes."""
    named = {"host": "127.0.0.1", "content-type": "application/json", **headers, "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
