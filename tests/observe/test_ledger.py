"""Records on their way into the store: in batches, bounded, tried again, flushed at the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import pytest
from torouter.observe import ledger as module
from torouter.observe.ledger import BATCH, Ledger
from torouter.store import MemoryStore, StoreError, UsageRecord

RECORD = UsageRecord("req", 100.0, "k", "g", "e", "m", "p", "t", "ok", 200, False, 1, 0.1)


class Broken(MemoryStore):
    """Fails as often as it is told, and notes the size of each batch."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.failures = failures
        self.batches: list[int] = []

    def add_usage(self, records: Sequence[UsageRecord], since: float) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
        self.batches.append(len(records))
        super().add_usage(records, since)

    @property
    def ids(self) -> list[str]:
        return [record.id for record in self._usage]


def ledger(store: MemoryStore, waiting: int = 20_000) -> tuple[Ledger, Counter[str]]:
    told: Counter[str] = Counter()
    return Ledger(lambda: store, lambda: 0.0, lambda fate, count: told.update({fate: count}), waiting=waiting), told


async def test_records_are_written_without_anybody_asking() -> None:
    store = Broken()
    books, told = ledger(store)
    task = asyncio.create_task(books.run())
    for number in range(3):
        books.add(RECORD._replace(id=str(number)))
    while told["written"] < 3:
        await asyncio.sleep(0.01)
    assert store.batches == [3]
    task.cancel()


async def test_what_comes_while_a_batch_is_written_waits_for_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Growing(Broken):
        """Has one more record come while it writes, as under load."""

        def add_usage(self, records: Sequence[UsageRecord], since: float) -> None:
            super().add_usage(records, since)
            if len(self.batches) < 4:
                loop.call_soon_threadsafe(books.add, RECORD)

    pauses = 0

    async def pause(seconds: float) -> None:
        nonlocal pauses
        pauses += seconds == module.PAUSE
        await nap(0)

    loop, nap, store = asyncio.get_running_loop(), asyncio.sleep, Growing()
    books, told = ledger(store)
    monkeypatch.setattr(module.asyncio, "sleep", pause)
    task = asyncio.create_task(books.run())
    books.add(RECORD)
    while told["written"] < 4:
        await nap(0.001)
    assert pauses == len(store.batches) == 4
    task.cancel()


async def test_a_batch_is_bounded() -> None:
    store = Broken()
    books, told = ledger(store)
    for _ in range(BATCH + 1):
        books.add(RECORD)
    await books.flush()
    assert store.batches == [BATCH, 1]
    assert told == {"written": BATCH + 1}


async def test_the_oldest_make_room_and_are_counted() -> None:
    store = Broken()
    books, told = ledger(store, waiting=2)
    for number in range(5):
        books.add(RECORD._replace(id=str(number)))
    await books.flush()
    assert store.ids == ["3", "4"]
    assert told == {"dropped": 3, "written": 2}


async def test_what_cannot_be_written_is_tried_again_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Broken(failures=2)
    books, told = ledger(store)
    monkeypatch.setattr(module, "_AGAIN", 0.01)
    task = asyncio.create_task(books.run())
    for number in range(3):
        books.add(RECORD._replace(id=str(number)))
    while told["written"] < 3:
        await asyncio.sleep(0.01)
    assert store.ids == ["0", "1", "2"]
    assert told == {"written": 3}
    task.cancel()


async def test_stopping_loses_nothing_and_writes_nothing_twice() -> None:
    store = Broken()
    books, told = ledger(store)
    task = asyncio.create_task(books.run())
    for number in range(2000):
        books.add(RECORD._replace(id=str(number)))
        if number == 1000:
            await asyncio.sleep(module.PAUSE + 0.005)      # perhaps in the middle of a batch
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    await books.flush()
    assert store.ids == [str(number) for number in range(2000)]
    assert told == {"written": 2000}


async def test_what_cannot_be_written_at_the_end_is_told_as_lost() -> None:
    store = Broken(failures=1)
    books, told = ledger(store)
    books.add(RECORD)
    await books.flush()
    assert told == {"dropped": 1}
