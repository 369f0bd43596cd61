"""Records on their way into the store: a bounded queue that one task empties, so that no request waits for a disk."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from ..store import Store, StoreError, UsageRecord

WAITING = 20_000
"""Records that wait at most; beyond that the oldest are dropped."""

BATCH = 500
"""Records that are written at once at most."""

PAUSE = 0.25
"""Seconds that a record waits at most for others to be written with; each batch costs both threads about as much."""

_AGAIN = 1.0
_log = logging.getLogger("torouter.usage")

Told = Callable[[str, int], None]


class Ledger:
    """Writes records in batches. `told` hears what becomes of them: so many were `written`, or `dropped`.

    A batch that cannot be written stays in the queue and is tried again every second. `since` gives the moment before
    which records are forgotten.
    """

    def __init__(
        self, store: Callable[[], Store], since: Callable[[], float], told: Told, *, waiting: int = WAITING
    ) -> None:
        self._store = store
        self._since = since
        self._told = told
        self._most = waiting
        self._queue: deque[UsageRecord] = deque()
        self._filled = asyncio.Event()
        self._failing = False

    def add(self, record: UsageRecord) -> None:
        """Take a record; never waits."""
        if len(self._queue) >= self._most:
            self._queue.popleft()
            self._told("dropped", 1)
        self._queue.append(record)
        self._filled.set()

    async def run(self) -> None:
        """Write what comes; runs until cancelled."""
        while True:
            await self._filled.wait()
            await asyncio.sleep(PAUSE)
            left = len(self._queue)  # what comes meanwhile waits for others, too
            while left > 0 and self._queue:
                if await self._write():
                    left -= BATCH
                else:
                    await asyncio.sleep(_AGAIN)
            if not self._queue:
                self._filled.clear()

    async def flush(self) -> None:
        """Write what is left, once; what cannot be written is lost, and told."""
        while self._queue:
            if not await self._write():
                _log.error("%d records of usage are lost", len(self._queue))
                self._told("dropped", len(self._queue))
                self._queue.clear()

    async def _write(self) -> bool:
        """Write the next batch; false if the store cannot."""
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        writing = asyncio.ensure_future(asyncio.to_thread(self._keep, batch))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait({writing})  # what a thread has begun it ends; nothing may be written twice
            self._ended(batch, writing.exception())
            raise
        except StoreError:
            pass
        return self._ended(batch, writing.exception())

    def _ended(self, batch: list[UsageRecord], fault: BaseException | None) -> bool:
        """Take note of how the writing of a batch ended; tells whether it is written."""
        if fault is None:
            self._told("written", len(batch))
        else:
            self._back(batch)
            if not self._failing:
                _log.error("usage cannot be written, and is tried again: %s", fault)
        self._failing = fault is not None
        return fault is None

    def _keep(self, batch: list[UsageRecord]) -> None:
        self._store().add_usage(batch, self._since())

    def _back(self, batch: list[UsageRecord]) -> None:
        """Put a batch back to the front; the oldest make room."""
        room = max(0, self._most - len(self._queue))
        kept = batch[max(0, len(batch) - room) :]
        if len(kept) < len(batch):
            self._told("dropped", len(batch) - len(kept))
        self._queue.extendleft(reversed(kept))
