"""The records of usage of one worker: written to the store by one task, on a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from ..observe.ledger import Ledger, Told
from ..store import ExistingStore, UsageRecord


class Books:
    """Keeps records for `age` seconds in the store of a folder; with an age of 0 none are kept.

    The connection is its own, so that nobody who asks the store for a key waits for a batch of records.
    """

    def __init__(self, state: Path, age: Callable[[], float]) -> None:
        self._store = ExistingStore(state)
        self._age = age
        self._ledger: Ledger | None = None
        self._writing: asyncio.Task[None] | None = None

    def open(self, told: Told) -> None:
        """Begin to write; `told` hears what becomes of records."""
        self._ledger = Ledger(self._store.made, lambda: time.time() - self._age(), told)
        self._writing = asyncio.create_task(self._ledger.run())

    def record(self, record: UsageRecord) -> None:
        """Take the record of a request."""
        if self._ledger is not None and self._age() > 0:
            self._ledger.add(record)

    async def close(self) -> None:
        """Write what is left, and let go of the store."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing
        if self._ledger is not None:
            await self._ledger.flush()
        self._store.close()
