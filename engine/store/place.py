"""Where this machine keeps its state: a folder beside the user's files."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from .contract import Store
from .sqlite import SqliteStore

FOLDER = ".torouter"
_FILE = "store.sqlite"


def state_folder(place: Path | None) -> Path:
    """Give the folder of state: beside the user's files, or where the command was given."""
    if place is None:
        return Path(FOLDER)
    return (place if place.is_dir() else place.parent) / FOLDER


def open_store(folder: Path) -> Store:
    """Open the store of a folder of state; it is made when it is missing. Raises StoreError."""
    return SqliteStore(folder / _FILE)


class ExistingStore:
    """The store of a folder, opened when it is first asked for: who only reads makes none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store: Store | None = None
        self._lock = Lock()

    def __call__(self) -> Store | None:
        """Give the store, or nothing as long as there is none. Raises StoreError."""
        with self._lock:
            if self._store is None and (self._folder / _FILE).exists():
                self._store = open_store(self._folder)
            return self._store

    def made(self) -> Store:
        """Give the store, which is made when there is none. Raises StoreError."""
        with self._lock:
            if self._store is None:
                self._store = open_store(self._folder)
            return self._store

    def close(self) -> None:
        """Let go of the store."""
        with self._lock:
            if self._store is not None:
                self._store.close()
