"""The client's end of a stream: the preamble held back, one write for each read, a sign of life in between."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType

from .exchange import Reply

HELD = 64 * 1024
"""Bytes of preamble that are held back at most."""


class Outlet:
    """Writes whole frames to a client. Nothing is sent before something is worth seeing, or `patience` is over.

    While nothing happens for `patience` seconds, `idle` is written, unless it is empty.
    """

    def __init__(self, reply: Reply, headers: Mapping[str, str], idle: bytes, patience: float) -> None:
        self._reply = reply
        self._headers = headers
        self._idle = idle
        self._patience = patience
        self._held = bytearray()
        self._lock = asyncio.Lock()
        self._now = asyncio.get_running_loop().time
        self._last = self._now()
        self._look: asyncio.TimerHandle | None = None
        self._beat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Outlet:
        if self._idle:
            self._later()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._look is not None:
            self._look.cancel()
        if self._beat is not None:
            self._beat.cancel()

    def push(self, data: bytes) -> bool:
        """Send `data` at once, where the stream has begun and the client keeps up; tells whether that was so."""
        if not (self._reply.started and self._reply.push(data)):
            return False
        self._last = self._now()
        return True

    async def put(self, data: bytes, *, visible: bool) -> None:
        """Send `data`; hold it as long as nothing `visible` has come and the bound on what is held allows it."""
        self._last = self._now()
        async with self._lock:
            if self._reply.started:
                if data:
                    await self._reply.write(data)
                return
            self._held += data
            if visible or len(self._held) > HELD:
                await self._open()

    async def finish(self, data: bytes) -> None:
        """End the stream with a last piece; what was held is sent before it."""
        async with self._lock:
            if not self._reply.started:
                await self._reply.start(200, self._headers)
            held = bytes(self._held)
            self._held.clear()
            await self._reply.finish(held + data)

    async def _open(self) -> None:
        await self._reply.start(200, self._headers)
        if self._held:
            await self._reply.write(bytes(self._held))
            self._held.clear()

    def _later(self) -> None:
        """Look again when there may have been nothing for long enough. A timer is far less than a task that sleeps."""
        loop = asyncio.get_running_loop()
        self._look = loop.call_later(max(0.0, self._last + self._patience - loop.time()), self._listen)

    def _listen(self) -> None:
        if self._now() - self._last >= self._patience:
            self._look = None
            self._beat = asyncio.create_task(self._live())
        else:
            self._later()

    async def _live(self) -> None:
        """Give a sign of life."""
        async with self._lock:
            if not self._reply.started:
                await self._open()
            await self._reply.write(self._idle)
        self._last = self._now()
        self._later()
