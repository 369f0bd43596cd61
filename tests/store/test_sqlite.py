"""The store in a file: shared, private, and honest about what it cannot do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from torouter.store import Bounds, Entry, SqliteStore, StoredAnswer, StoredConversation, StoredKey, StoreError

KEY = StoredKey("ci", "default", "d1", "sk-ab…", created=100.0)
ANSWER = StoredAnswer("a1", "team", "letters", "small-1", 100.0, "a1", body=b"[0]", turns=b"[1]", response=b"[2]")
WIDE = Bounds(count=1000, size=1_000_000, age=1000.0)


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


HOLDER = """
import pathlib, sys
from torouter.store import SqliteStore
store = SqliteStore(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
store.close()
"""


@contextmanager
def held_elsewhere(file: Path) -> Iterator[None]:
    """Another process that has the store open meanwhile."""
    command = [sys.executable, "-c", HOLDER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield


def test_another_process_that_lets_go_of_the_file_takes_nothing_along(tmp_path: Path) -> None:
    """This process has two connections, as a worker has; others open and close the file at the same time."""
    file = tmp_path / "store.sqlite"
    one, two = SqliteStore(file), SqliteStore(file)
    with held_elsewhere(file):
        pass
    with held_elsewhere(file):
        one.add_key(KEY)
        one.close()
        two.close()
    again = SqliteStore(file)
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


def test_an_answer_that_one_keeps_is_there_for_another_at_once(tmp_path: Path) -> None:
    one, two = SqliteStore(tmp_path / "store.sqlite"), SqliteStore(tmp_path / "store.sqlite")
    one.keep_answer(ANSWER, WIDE)
    assert two.find_answer("a1", 0.0) == ANSWER
    two.keep_answer(replace(ANSWER, id="a2", previous="a1"), WIDE)
    assert [answer.id for answer in one.answer_chain("a2", 10, 1000)] == ["a2", "a1"]
    one.close()
    two.close()


def test_a_file_of_an_earlier_version_keeps_what_it_has(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute(
            "CREATE TABLE keys (digest TEXT PRIMARY KEY, name TEXT NOT NULL, grp TEXT NOT NULL, hint TEXT NOT NULL,"
            " created REAL NOT NULL, expires REAL) STRICT, WITHOUT ROWID"
        )
        connection.execute("INSERT INTO keys VALUES ('d1', 'ci', 'default', 'sk-ab…', 100.0, NULL)")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    store = SqliteStore(file)
    store.keep_answer(ANSWER, WIDE)
    assert (store.find_key("d1"), store.find_answer("a1", 0.0)) == (KEY, ANSWER)
    store.close()


def test_an_answer_that_cannot_be_kept_changes_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    store.keep_answer(ANSWER, WIDE)
    with pytest.raises(StoreError):
        store.keep_answer(replace(ANSWER, protocol=None), WIDE)  # type: ignore[arg-type]
    assert store.find_answer("a1", 0.0) == ANSWER
    store.close()


def test_an_entry_that_one_adds_is_there_for_another_at_once(tmp_path: Path) -> None:
    one, two = SqliteStore(tmp_path / "store.sqlite"), SqliteStore(tmp_path / "store.sqlite")
    one.keep_conversation(StoredConversation("c1", "team", "letters", 100.0), WIDE)
    two.add_entries("c1", [Entry("e1", b"1")], 101.0, WIDE)
    assert one.find_entry("c1", "e1") == Entry("e1", b"1")
    one.close()
    two.close()


def test_entries_that_cannot_be_kept_are_none_of_them(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    store.keep_conversation(StoredConversation("c1", "team", "letters", 100.0), WIDE)
    with pytest.raises(StoreError):
        store.add_entries("c1", [Entry("e1", b"1"), Entry("e2", None)], 101.0, WIDE)  # type: ignore[arg-type]
    assert store.list_entries("c1", None, 10) == []
    store.close()
