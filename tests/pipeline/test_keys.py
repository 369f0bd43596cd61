"""The key ring: keys of this machine, and those of a store that is asked rarely and believed briefly."""

from __future__ import annotations

import pytest
from torouter.compile.snapshot import Key
from torouter.pipeline.errors import Problem
from torouter.pipeline.keys import FRESH, KeyRing
from torouter.store import MemoryStore, StoredKey, StoreError

STORED = StoredKey("ci", "team", "d1", "sk-…", created=1.0, expires=500.0)


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


class Counting(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def find_key(self, digest: str) -> StoredKey | None:
        self.asked.append(digest)
        return super().find_key(digest)


async def test_a_key_of_the_store_has_its_group_and_its_end() -> None:
    store = MemoryStore()
    store.add_key(STORED)
    assert await KeyRing({}, lambda: store).find("d1") == Key("ci", "team", 500.0, disabled=False)


async def test_a_key_of_this_machine_needs_no_store() -> None:
    key = Key("local", "default", None, disabled=False)
    store = Counting()
    assert await KeyRing({"d0": key}, lambda: store).find("d0") is key
    assert store.asked == []


async def test_nothing_is_found_as_long_as_there_is_no_store() -> None:
    assert await KeyRing().find("d1") is None


async def test_the_store_is_asked_once_in_a_while_and_then_again() -> None:
    store, clock = Counting(), Clock()
    ring = KeyRing({}, lambda: store, clock)
    store.add_key(STORED)
    for _ in range(3):
        assert await ring.find("d1") is not None
        assert await ring.find("unknown") is None
    assert store.asked == ["d1", "unknown"]
    store.expire_keys("ci", 2.0)
    clock.time = FRESH
    found = await ring.find("d1")
    assert found is not None
    assert found.expires == 2.0


async def test_a_key_made_later_opens_once_the_answer_is_old() -> None:
    store, clock = MemoryStore(), Clock()
    ring = KeyRing({}, lambda: store, clock)
    assert await ring.find("d1") is None
    store.add_key(STORED)
    clock.time = FRESH
    assert await ring.find("d1") is not None


async def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torouter.pipeline.keys._REMEMBERED", 3)
    store = Counting()
    ring = KeyRing({}, lambda: store)
    for digest in ("a", "b", "c", "d", "d", "a"):
        await ring.find(digest)
    assert store.asked == ["a", "b", "c", "d", "a"]


async def test_a_store_that_fails_is_no_wrong_key(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise StoreError("The store x cannot be used: disk.")

    with pytest.raises(Problem) as refusal:
        await KeyRing({}, broken).find("d1")
    assert (refusal.value.error["kind"], refusal.value.error["code"]) == ("unavailable", "keys_unavailable")
    assert "The store x cannot be used" in caplog.text
    assert "disk" not in str(refusal.value.error)
