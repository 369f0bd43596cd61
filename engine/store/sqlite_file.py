"""The file of a store: how it is opened, brought to this version, and used by one call at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from .contract import StoreError

Change = Callable[..., sqlite3.Cursor]

_PATIENCE = 5.0
_making = Lock()


class SqliteFile:
    """A file that only its user may read. `steps` take it to this version, each one version further."""

    def __init__(self, file: Path, steps: Sequence[str]) -> None:
        """Open the file, which is made when it is missing. Raises StoreError."""
        self._file = file
        self._lock = Lock()
        with self._told():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(file)
            self._connection = sqlite3.connect(file, _PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            self._upgrade(steps)
        except StoreError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        with self._lock:
            self._connection.close()

    def _upgrade(self, steps: Sequence[str]) -> None:
        """Bring a file of an earlier version to this one, in one transaction."""
        with self._told():
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("BEGIN IMMEDIATE")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            for step in steps[version:]:
                self._connection.execute(step)
            self._connection.execute(f"PRAGMA user_version = {max(version, len(steps))}")
            self._connection.execute("COMMIT")
        if version > len(steps):
            raise StoreError(f"{self._file} was written by a newer version; use that one, or another file.")

    @contextmanager
    def _changing(self) -> Iterator[Change]:
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


def _make(file: Path) -> None:
    """Make the file when it is missing, so that only its user may read it.

    One that is there is not touched: whoever closes a file lets go of all locks that the process holds on it, also of
    those of another connection. The next process to close it would then take itself for the last one, and remove the
    log into which that connection still writes.
    """
    with _making, suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
