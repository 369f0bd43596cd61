"""A store in one file on this machine, shared by all processes that open it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from .contract import StoredKey
from .sqlite_threads import AT_ONCE, SqliteThreads
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
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, grp TEXT NOT NULL, protocol TEXT NOT NULL, created REAL NOT NULL, notes BLOB NOT NULL,
        provider TEXT, model TEXT, entries INTEGER NOT NULL, size INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE entries (
        conversation TEXT NOT NULL, place INTEGER NOT NULL, id TEXT NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (conversation, place)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX entries_by_id ON entries (conversation, id)",
    """
    CREATE TRIGGER conversation_kept AFTER INSERT ON conversations BEGIN
        INSERT INTO threads VALUES (NEW.id, NEW.grp, NEW.created, 1)
            ON CONFLICT (id) DO UPDATE SET used = max(used, NEW.created), count = count + 1;
        INSERT INTO totals VALUES (NEW.grp, 1, length(NEW.notes))
            ON CONFLICT (grp) DO UPDATE SET count = count + 1, size = size + length(NEW.notes);
    END
    """,
    """
    CREATE TRIGGER conversation_noted AFTER UPDATE OF notes ON conversations BEGIN
        UPDATE totals SET size = size + length(NEW.notes) - length(OLD.notes) WHERE grp = NEW.grp;
    END
    """,
    """
    CREATE TRIGGER conversation_gone AFTER DELETE ON conversations BEGIN
        UPDATE threads SET count = count - 1 WHERE id = OLD.id;
        DELETE FROM threads WHERE id = OLD.id AND count = 0;
        UPDATE totals SET count = count - 1, size = size - length(OLD.notes) WHERE grp = OLD.grp;
    END
    """,
    """
    CREATE TRIGGER entry_kept AFTER INSERT ON entries BEGIN
        UPDATE conversations SET entries = entries + 1, size = size + length(NEW.value) WHERE id = NEW.conversation;
        UPDATE totals SET count = count + 1, size = size + length(NEW.value)
            WHERE grp = (SELECT grp FROM conversations WHERE id = NEW.conversation);
    END
    """,
    """
    CREATE TRIGGER entry_gone AFTER DELETE ON entries BEGIN
        UPDATE conversations SET entries = entries - 1, size = size - length(OLD.value) WHERE id = OLD.conversation;
        UPDATE totals SET count = count - 1, size = size - length(OLD.value)
            WHERE grp = (SELECT grp FROM conversations WHERE id = OLD.conversation);
    END
    """,
)
"""Each entry takes a file one version further; an entry that was released is never changed."""

_ADD_KEY = "INSERT INTO keys (name, grp, digest, hint, created, expires) VALUES (?, ?, ?, ?, ?, ?)"
_FIND_KEY = "SELECT name, grp, digest, hint, created, expires FROM keys WHERE digest = ?"
_LIST_KEYS = "SELECT name, grp, digest, hint, created, expires FROM keys ORDER BY created, digest"
_EXPIRE_KEYS = "UPDATE keys SET expires = ?1 WHERE name = ?2 AND (expires IS NULL OR expires > ?1)"
_ROW = f"({', '.join('?' * len(COLUMNS))})"
_ROWS = 64  # of one statement: the thread that writes asks for the interpreter's lock once for each
_TOO_LONG_AGO = "DELETE FROM usage WHERE rowid IN (SELECT rowid FROM usage WHERE at < ? ORDER BY at LIMIT ?)"
_SUM_USAGE = """
SELECT {by} count(*), sum(outcome NOT IN ('ok', 'client_closed')), sum(attempts),
    sum(input), sum(cache_read), sum(cache_write), sum(output), sum(reasoning),
    sum(input IS NOT NULL AND cost IS NULL), sum(cost), currency
FROM usage WHERE at >= ? AND at < ? GROUP BY {by} currency ORDER BY {by} currency
"""


class SqliteStore(SqliteThreads):
    """Keeps everything in a file that only its user may read; what it promises stands in the contract."""

    def __init__(self, file: Path) -> None:
        """Open the file, which is made when it is missing. Raises StoreError."""
        super().__init__(file, _STEPS)

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

    def add_usage(self, records: Sequence[UsageRecord], since: float) -> None:
        """Keep some records, all of them or none; some of those of requests before `since` are forgotten."""
        with self._told(), self._changing() as change:
            for at in range(0, len(records), _ROWS):
                some = records[at : at + _ROWS]
                change(_adding(len(some)), [value for record in some for value in record])
            change(_TOO_LONG_AGO, (since, len(records) + AT_ONCE))

    def sum_usage(self, by: Sequence[str], since: float, until: float) -> Sequence[UsageSum]:
        """Put the requests of a span together."""
        with self._told():
            rows = self._connection.execute(_summing(by), (since, until)).fetchall()
        found: dict[tuple[str, ...], UsageSum] = {}
        for row in rows:
            of, numbers, (cost, currency) = row[: len(by)], row[len(by) : -2], row[-2:]
            found.setdefault(of, UsageSum(of)).take(numbers, cost, currency)
        return list(found.values())


@lru_cache(_ROWS)
def _adding(count: int) -> str:
    """The statement that adds so many records of usage."""
    return f"INSERT INTO usage VALUES {', '.join([_ROW] * count)}"  # noqa: S608 - nothing but placeholders


def _summing(by: Sequence[str]) -> str:
    """The question for sums; only names that are known become a part of it."""
    columns = {name: f'"{name}"' for name in GROUPINGS} | {"day": "date(at, 'unixepoch')"}
    return _SUM_USAGE.format(by="".join(f"{columns[name]}, " for name in by))
