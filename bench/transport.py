"""CPU of the transports alone, from this process to a provider on loopback: `python -m bench.transport [NAME…]`.

Requests at 1, 10 and 100 in flight, in rounds in which the transports take turns, and events of many slow streams.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from statistics import median

import uvloop
from torouter.upstream.client import Transport, UpstreamRequest
from torouter.upstream.transports import MAKERS

from .floor import Pool
from .load import post
from .targets import free_port, process, provider, wait
from .work import CHAT, JSON, Work

FLOOR = "floor"
IN_FLIGHT = (1, 10, 100)
REQUESTS = 2000
STREAMS = 1000
ROUNDS = 5
PATH = "/v1/chat/completions"
HEADERS = [("content-type", "application/json"), ("accept", "application/json"), ("user-agent", "bench")]


@asynccontextmanager
async def asking(name: str, port: int) -> AsyncIterator[Callable[[bytes], AsyncIterator[bytes]]]:
    """A way to ask the provider with a body for the pieces of its answer."""
    if name == FLOOR:
        pool = Pool("127.0.0.1", port)

        async def floor(body: bytes) -> AsyncIterator[bytes]:
            connection, _ = await pool.ask(PATH, body)
            async for piece in connection.body():
                yield piece
            pool.put_back(connection)

        yield floor
        return
    client: Transport = MAKERS[name](5000)

    async def ask(body: bytes) -> AsyncIterator[bytes]:
        url = f"http://127.0.0.1:{port}{PATH}"
        response = await client.send(UpstreamRequest("POST", url, HEADERS, body, allow_private=True))
        try:
            async for piece in response.chunks:
                yield piece
        finally:
            await response.aclose()

    yield ask
    await client.aclose()


async def requests(name: str, port: int, in_flight: int) -> float:
    """CPU microseconds of a request."""
    body = Work(JSON, CHAT, CHAT).body("quick")
    async with asking(name, port) as ask:

        async def some(count: int) -> None:
            for _ in range(count):
                async for _piece in ask(body):
                    pass

        await asyncio.gather(*(some(2) for _ in range(in_flight)))
        began = time.process_time()
        await asyncio.gather(*(some(REQUESTS // in_flight) for _ in range(in_flight)))
        return (time.process_time() - began) / REQUESTS * 1e6


async def streams(name: str, port: int) -> float:
    """CPU microseconds of an event of many slow streams."""
    body = b'{"model":"slow","stream":true,"messages":[]}'
    pieces = 0
    async with asking(name, port) as ask:

        async def one(number: int) -> None:
            nonlocal pieces
            await asyncio.sleep(number / STREAMS * 0.4)
            async for _piece in ask(body):
                pieces += 1

        began = time.process_time()
        await asyncio.gather(*(one(number) for number in range(STREAMS)))
        return (time.process_time() - began) / pieces * 1e6


def main(names: Sequence[str]) -> None:
    """Measure and print a table in Markdown."""
    port = free_port()
    rows = [f"request, {count} in flight" for count in IN_FLIGHT] + [f"event of {STREAMS} slow streams"]
    found: dict[tuple[str, str], list[float]] = {}
    with process(provider(port)):
        wait(port, Work(JSON, CHAT, CHAT), post(PATH, {}, Work(JSON, CHAT, CHAT).body("quick")), 30)
        for _ in range(ROUNDS):
            for count, row in zip(IN_FLIGHT, rows, strict=False):
                for name in names:
                    found.setdefault((row, name), []).append(uvloop.run(requests(name, port, count)))
        for name in names:
            found.setdefault((rows[-1], name), []).append(uvloop.run(streams(name, port)))
    print(f"| CPU, µs | {' | '.join(names)} |")
    print(f"|---|{'---|' * len(names)}")
    for row in rows:
        cells = (found[row, name] for name in names)
        print(f"| {row} | " + " | ".join(f"{median(it):.1f} ({min(it):.1f}-{max(it):.1f})" for it in cells) + " |")


if __name__ == "__main__":
    main(sys.argv[1:] or [FLOOR, "http", "aiohttp"])
