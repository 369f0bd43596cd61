"""A store in one file on this machine, shared by all processes that open it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from .contract import StoredKey, StoreError

_STEPS = (
    """
    CREATE TABLE keys (
        digest TEXT PRIMARY KEY, name TEXT NOT NULL, grp TEXT NOT NULL, hint TEXT NOT NULL,
        created REAL NOT NULL, expires REAL
    ) STRICT, WITHOUT ROWID
    """,
)
"""Each entry takes a file one version further; an entry that was released is never changed."""

_ADD_KEY = "INSERT INTO keys (name, grp, digest, hint, created, expires) VALUES (?, ?, ?, ?, ?, ?)"
_FIND_KEY = "SELECT name, grp, digest, hint, created, expires FROM keys WHERE digest = ?"
_LIST_KEYS = "SELECT name, grp, digest, hint, created, expires FROM keys ORDER BY created, digest"
_EXPIRE_KEYS = "UPDATE keys SET expires = ?1 WHERE name = ?2 AND (expires IS NULL OR expires > ?1)"
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
    def _told(self) -> Iterator[None]:
        """One call at a time; whatever goes wrong names the file."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as fault:
                raise StoreError(f"The store {self._file} cannot be used: {fault}.") from fault
