"""A part of a request that must be kept for a while: small ones in memory, larger ones in a file that has no name."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO

from .errors import Problem

_CHUNK = 64 * 1024


class Budget:
    """How many bytes one worker keeps at most of some kind, over all requests."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def take(self, size: int) -> None:
        """Take a share. Raises Problem when there is none left."""
        if size > self._left:
            raise Problem("overloaded", "The gateway is handling too many large forms. Try again.", code="forms_full")
        self._left -= size

    def give(self, size: int) -> None:
        """Give a share back."""
        self._left += size


class Spool:
    """Bytes that are written in order and read again from the start; more than 64 KiB of them stand on disk.

    Disk is touched in a thread, for it may be slow. Whoever made a spool closes it.
    """

    def __init__(self, disk: Budget) -> None:
        self.size = 0
        self._disk = disk
        self._taken = 0
        self._memory = bytearray()
        self._file: IO[bytes] | None = None

    async def write(self, data: bytes) -> None:
        """Keep some more. Raises Problem when the worker keeps too much."""
        self.size += len(data)
        self._memory += data
        if len(self._memory) > _CHUNK:
            self._disk.take(len(self._memory))
            self._taken += len(self._memory)
            block, self._memory = bytes(self._memory), bytearray()
            await asyncio.to_thread(self._store, block)

    async def read(self, start: int, end: int) -> AsyncIterator[bytes]:
        """What stands between two places, in pieces."""
        while start < min(end, self._taken):
            block = await asyncio.to_thread(self._fetch, start, min(_CHUNK, min(end, self._taken) - start))
            start += len(block)
            yield block
        if start < end:
            yield bytes(self._memory[start - self._taken : end - self._taken])

    def close(self) -> None:
        """Let go of what is kept."""
        self._disk.give(self._taken)
        self._taken = self.size = 0
        self._memory.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _store(self, block: bytes) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the spool
        self._file.seek(0, 2)
        self._file.write(block)

    def _fetch(self, start: int, length: int) -> bytes:
        assert self._file is not None
        self._file.seek(start)
        return self._file.read(length)
