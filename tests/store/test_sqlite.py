"""The store in a file: shared, private, and honest about what it cannot do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from torouter.store import SqliteStore, StoredKey, StoreError

KEY = StoredKey("ci", "default", "d1", "sk-ab…", created=100.0)


def test_what_one_writes_another_reads(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "store.sqlite"
    one, two = SqliteStore(file), SqliteStore(file)
    one.add_key(KEY)
    assert two.find_key("d1") == KEY
    one.close()
    two.close()


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "store.sqlite")
    first.add_key(KEY)
    first.close()
    again = SqliteStore(tmp_path / "store.sqlite")
    assert again.list_keys() == [KEY]
    again.close()


def test_only_its_user_may_read_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "own" / "store.sqlite")
    store.add_key(KEY)
    assert {file.stat().st_mode & 0o077 for file in (tmp_path / "own").iterdir()} == {0}
    store.close()


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    file.write_text("this is a letter, not a store of any kind", encoding="utf-8")
    with pytest.raises(StoreError, match=r"store\.sqlite cannot be used: file is not a database"):
        SqliteStore(file)


def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    SqliteStore(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StoreError, match="written by a newer version"):
        SqliteStore(file)
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (999,)
    connection.close()


def test_a_key_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    store.add_key(KEY)
    with pytest.raises(StoreError):
        store.add_key(KEY)
    store.close()
