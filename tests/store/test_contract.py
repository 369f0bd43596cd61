"""What every store promises, whichever is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from torouter.store import MemoryStore, SqliteStore, Store, StoredKey

KEY = StoredKey("ci", "default", "d1", "sk-ab…", created=100.0)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "store.sqlite")
    yield made
    made.close()


def test_a_key_is_found_by_its_digest_and_by_nothing_else(store: Store) -> None:
    store.add_key(KEY)
    assert store.find_key("d1") == KEY
    assert store.find_key("D1") is None
    assert store.find_key("ci") is None


def test_keys_are_listed_by_age(store: Store) -> None:
    young, old = replace(KEY, digest="d2", created=200.0), replace(KEY, digest="d3", created=50.0, expires=60.0)
    for key in (KEY, young, old):
        store.add_key(key)
    assert store.list_keys() == [old, KEY, young]


def test_a_name_may_have_several_keys_and_all_of_them_end(store: Store) -> None:
    other = replace(KEY, name="other", digest="d9")
    for key in (KEY, replace(KEY, digest="d2", expires=900.0), other):
        store.add_key(key)
    assert store.expire_keys("ci", 500.0) == 2
    assert [key.expires for key in store.list_keys() if key.name == "ci"] == [500.0, 500.0]
    assert store.find_key("d9") == other


def test_what_ends_sooner_is_left_alone(store: Store) -> None:
    store.add_key(replace(KEY, expires=300.0))
    assert store.expire_keys("ci", 500.0) == 0
    assert store.expire_keys("nobody", 500.0) == 0
    assert store.list_keys()[0].expires == 300.0


def test_a_key_is_valid_until_it_expires() -> None:
    assert KEY.valid(10**12)
    assert replace(KEY, expires=500.0).valid(499.9)
    assert not replace(KEY, expires=500.0).valid(500.0)


def test_closing_twice_does_nothing(store: Store) -> None:
    store.close()
    store.close()
