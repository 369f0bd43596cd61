"""How long an attempt waits for its upstream, apart from what the gateway itself does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from .outcomes import Attempt

Clock = Callable[[], float]


class Waiting:
    """The pieces of an answer; how long each is waited for is counted."""

    __slots__ = ("_chunks", "_clock", "_record")

    def __init__(self, chunks: AsyncIterator[bytes], record: Attempt, clock: Clock) -> None:
        self._chunks = chunks
        self._record = record
        self._clock = clock

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        began = self._clock()
        try:
            return await anext(self._chunks)
        finally:
            self._record.waited += self._clock() - began
