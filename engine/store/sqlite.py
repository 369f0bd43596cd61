"""A store in one file on this machine, shared by all processes that open it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from threading import Lock

from .contract import Bounds, StoredAnswer, StoredKey, StoreError
from .usage import COLUMNS, GROUPINGS, UsageRecord, UsageSum

_STEPS = (
    """
    CREATE TABLE keys (
        digest TEXT PRIMARY KEY, name TEXT NOT NULL, grp TEXT NOT NULL, hint TEXT NOT NULL,
        created REAL NOT NULL, expires REAL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE answers (
        id TEXT PRIMARY KEY, grp TEXT NOT NULL, protocol TEXT NOT NULL, model TEXT NOT NULL, created REAL NOT NULL,
        thread TEXT NOT NULL, previous TEXT, provider TEXT, size INTEGER NOT NULL,
        body BLOB NOT NULL, turns BLOB NOT NULL, response BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX answers_by_thread ON answers (thread)",
    """
    CREATE TABLE threads (
        id TEXT PRIMARY KEY, grp TEXT NOT NULL, used REAL NOT NULL, count INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX threads_by_use ON threads (used)",
    "CREATE INDEX threads_of_group ON threads (grp, used)",
    "CREATE TABLE totals (grp TEXT PRIMARY KEY, count INTEGER NOT NULL, size INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """
    CREATE TRIGGER answer_kept AFTER INSERT ON answers BEGIN
        INSERT INTO threads VALUES (NEW.thread, NEW.grp, NEW.created, 1)
            ON CONFLICT (id) DO UPDATE SET used = max(used, NEW.created), count = count + 1;
        INSERT INTO totals VALUES (NEW.grp, 1, NEW.size)
            ON CONFLICT (grp) DO UPDATE SET count = count + 1, size = size + NEW.size;
    END
    """,
    """
    CREATE TRIGGER answer_gone AFTER DELETE ON answers BEGIN
        UPDATE threads SET count = count - 1 WHERE id = OLD.thread;
        DELETE FROM threads WHERE id = OLD.thread AND count = 0;
        UPDATE totals SET count = count - 1, size = size - OLD.size WHERE grp = OLD.grp;
    END
    """,
    """
    CREATE TABLE usage (
        id TEXT NOT NULL, at REAL NOT NULL, key TEXT NOT NULL, "group" TEXT NOT NULL, endpoint TEXT NOT NULL,
        model TEXT NOT NULL, provider TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL,
        status INTEGER NOT NULL, stream INTEGER NOT NULL, attempts INTEGER NOT NULL, seconds REAL NOT NULL, first REAL,
        input INTEGER, cache_read INTEGER, cache_write INTEGER, output INTEGER, reasoning INTEGER,
        cost INTEGER, currency TEXT
    ) STRICT
    """,
    "CREATE INDEX usage_by_time ON usage (at)",
)
"""Each entry takes a file one version further; an entry that was released is never changed."""

_ADD_KEY = "INSERT INTO keys (name, grp, digest, hint, created, expires) VALUES (?, ?, ?, ?, ?, ?)"
_FIND_KEY = "SELECT name, grp, digest, hint, created, expires FROM keys WHERE digest = ?"
_LIST_KEYS = "SELECT name, grp, digest, hint, created, expires FROM keys ORDER BY created, digest"
_EXPIRE_KEYS = "UPDATE keys SET expires = ?1 WHERE name = ?2 AND (expires IS NULL OR expires > ?1)"
_PUT_ANSWER = "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
_REPLACED = "DELETE FROM answers WHERE id = ? AND grp = ?"
_FIND_ANSWER = """
SELECT answers.id, answers.grp, protocol, model, created, thread, previous, provider, body, turns, response
FROM answers JOIN threads ON threads.id = thread WHERE answers.id = ? AND used >= ?
"""
_LINK = """
SELECT id, grp, protocol, model, created, thread, previous, provider, x'', turns, response FROM answers WHERE id = ?
"""
_DELETE_ANSWER = "DELETE FROM answers WHERE id = ?"
_TOO_OLD = "DELETE FROM answers WHERE thread IN (SELECT id FROM threads WHERE used < ? ORDER BY used LIMIT ?)"
_TOTAL = "SELECT count, size FROM totals WHERE grp = ?"
_OLDEST = "DELETE FROM answers WHERE thread = (SELECT id FROM threads WHERE grp = ? ORDER BY used LIMIT 1)"
_values = attrgetter(*COLUMNS)
_ROW = f"({', '.join('?' * len(COLUMNS))})"
_ROWS = 64  # of one statement: the thread that writes asks for the interpreter's lock once for each
_TOO_LONG_AGO = "DELETE FROM usage WHERE rowid IN (SELECT rowid FROM usage WHERE at < ? ORDER BY at LIMIT ?)"
_SUM_USAGE = """
SELECT {by} count(*), sum(outcome NOT IN ('ok', 'client_closed')), sum(attempts),
    sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning),
    sum(input IS NOT NULL AND cost IS NULL), sum(cost), currency
FROM usage WHERE at >= ? AND at < ? GROUP BY {by} currency ORDER BY {by} currency
"""
_AT_ONCE = 64  # how many conversations make room in one call
_PATIENCE = 5.0


class SqliteStore:
    """Keeps everything in a file that only its user may read; what it promises stands in the contract."""

    def __init__(self, file: Path) -> None:
        """Open the file, which is made when it is missing. Raises StoreError."""
        self._file = file
        self._lock = Lock()
        with self._told():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(file, _PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            self._upgrade()
        except StoreError:
            self.close()
            raise

    def add_key(self, key: StoredKey) -> None:
        """Keep one more key."""
        values = (key.name, key.group, key.digest, key.hint, key.created, key.expires)
        with self._told():
            self._connection.execute(_ADD_KEY, values)

    def find_key(self, digest: str) -> StoredKey | None:
        """Give the key with this digest, valid or not."""
        with self._told():
            row = self._connection.execute(_FIND_KEY, (digest,)).fetchone()
        return None if row is None else StoredKey(*row)

    def list_keys(self) -> Sequence[StoredKey]:
        """Give all keys, the oldest first."""
        with self._told():
            rows = self._connection.execute(_LIST_KEYS).fetchall()
        return [StoredKey(*row) for row in rows]

    def expire_keys(self, name: str, at: float) -> int:
        """Let the keys of a name end at this moment, but those that end sooner; gives how many were changed."""
        with self._told():
            return self._connection.execute(_EXPIRE_KEYS, (at, name)).rowcount

    def keep_answer(self, answer: StoredAnswer, bounds: Bounds) -> None:
        """Keep one more answer, and make room as the contract says."""
        it = answer
        head = (it.id, it.group, it.protocol, it.model, it.created, it.thread, it.previous, it.provider)
        with self._told(), self._changing() as change:
            change(_REPLACED, (it.id, it.group))
            change(_PUT_ANSWER, (*head, it.size, it.body, it.turns, it.response))
            change(_TOO_OLD, (answer.created - bounds.age, _AT_ONCE))
            for _ in range(_AT_ONCE):
                count, size = change(_TOTAL, (answer.group,)).fetchone() or (0, 0)
                if count <= bounds.count and size <= bounds.size:
                    break
                change(_OLDEST, (answer.group,))

    def find_answer(self, id: str, since: float) -> StoredAnswer | None:
        """Give the answer with this id, if its conversation was used since that moment."""
        with self._told():
            row = self._connection.execute(_FIND_ANSWER, (id, since)).fetchone()
        return None if row is None else StoredAnswer(*row)

    def answer_chain(self, id: str, depth: int, size: int) -> Sequence[StoredAnswer]:
        """Give an answer and those before it, the last one first, as far as the bounds allow."""
        chain: list[StoredAnswer] = []
        at: str | None = id
        with self._told():
            while at is not None and len(chain) < depth:
                row = self._connection.execute(_LINK, (at,)).fetchone()
                found = None if row is None else StoredAnswer(*row)
                if found is None or (size := size - found.size) < 0:
                    break
                chain.append(found)
                at = found.previous
        return chain

    def delete_answer(self, id: str) -> None:
        """Forget the answer with this id; those that go on from it stay."""
        with self._told():
            self._connection.execute(_DELETE_ANSWER, (id,))

    def add_usage(self, records: Sequence[UsageRecord], since: float) -> None:
        """Keep some records, all of them or none; some of those of requests before `since` are forgotten."""
        with self._told(), self._changing() as change:
            for at in range(0, len(records), _ROWS):
                some = records[at : at + _ROWS]
                change(_adding(len(some)), [value for record in some for value in _values(record)])
            change(_TOO_LONG_AGO, (since, len(records) + _AT_ONCE))

    def sum_usage(self, by: Sequence[str], since: float, until: float) -> Sequence[UsageSum]:
        """Put the requests of a span together."""
        with self._told():
            rows = self._connection.execute(_summing(by), (since, until)).fetchall()
        found: dict[tuple[str, ...], UsageSum] = {}
        for row in rows:
            of, numbers, (cost, currency) = row[: len(by)], row[len(by) : -2], row[-2:]
            found.setdefault(of, UsageSum(of)).take(numbers, cost, currency)
        return list(found.values())

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        with self._lock:
            self._connection.close()

    def _upgrade(self) -> None:
        """Bring a file of an earlier version to this one, in one transaction."""
        with self._told():
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("BEGIN IMMEDIATE")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            for step in _STEPS[version:]:
                self._connection.execute(step)
            self._connection.execute(f"PRAGMA user_version = {max(version, len(_STEPS))}")
            self._connection.execute("COMMIT")
        if version > len(_STEPS):
            raise StoreError(f"{self._file} was written by a newer version; use that one, or another file.")

    @contextmanager
    def _changing(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        """Several statements as one: all of them hold, or none."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection.execute
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """One call at a time; whatever goes wrong names the file."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as fault:
                raise StoreError(f"The store {self._file} cannot be used: {fault}.") from fault


@lru_cache(_ROWS)
def _adding(count: int) -> str:
    """The statement that adds so many records of usage."""
    return f"INSERT INTO usage VALUES {', '.join([_ROW] * count)}"  # noqa: S608 - nothing but placeholders


def _summing(by: Sequence[str]) -> str:
    """The question for sums; only names that are known become a part of it."""
    columns = {name: f'"{name}"' for name in GROUPINGS} | {"day": "date(at, 'unixepoch')"}
    return _SUM_USAGE.format(by="".join(f"{columns[name]}, " for name in by))
