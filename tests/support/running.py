"""The real server around a hand-made snapshot, on a socket of its own, inside the test's loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from torouter.observe.observer import Observer
from torouter.pipeline.keys import KeyRing
from torouter.pipeline.memory import Memory
from torouter.pipeline.stack import Gateway
from torouter.server.app import Site
from torouter.server.supervisor import listen
from torouter.server.worker import serve
from torouter.upstream.client import Client, Transport

from . import canary
from .client import Answer, RawClient
from .fake import FakeSnapshot


@dataclass
class Running:
    port: int
    site: Site
    stop: asyncio.Event
    task: asyncio.Task[None]

    async def ask(self, method: str, path: str, body: bytes | None = None, **options: str | None) -> Answer:
        async with RawClient(self.port) as client:
            await client.request(method, path, body, **options)
            return await client.answer()


@contextlib.asynccontextmanager
async def running(
    snapshot: FakeSnapshot,
    keys: KeyRing | None = None,
    memory: Memory | None = None,
    upstream: Transport | None = None,
) -> AsyncIterator[Running]:
    upstream = upstream or Client()
    observer = Observer(say=_say)
    site = Site(Gateway(snapshot, {"http": upstream}, keys, memory=memory), observer)
    sock = listen("127.0.0.1", 0)
    stop = asyncio.Event()
    task = asyncio.create_task(serve(site, [sock], stop))
    try:
        yield Running(sock.getsockname()[1], site, stop, task)
    finally:
        stop.set()
        await task
        await upstream.aclose()
        sock.close()
    canary.check(observer.page()[1].decode())


def _say(line: str) -> None:
    """Log a line of the gateway as it does itself, if no secret is in it."""
    canary.check(line)
    logging.getLogger("torouter.access").info("%s", line)
