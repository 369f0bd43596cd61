"""A store that lasts as long as its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from .contract import StoredKey


class MemoryStore:
    """Keeps everything in this process; what it promises stands in the contract."""

    def __init__(self) -> None:
        self._keys: dict[str, StoredKey] = {}
        self._lock = Lock()

    def add_key(self, key: StoredKey) -> None:
        """Keep one more key."""
        with self._lock:
            self._keys[key.digest] = key

    def find_key(self, digest: str) -> StoredKey | None:
        """Give the key with this digest, valid or not."""
        return self._keys.get(digest)

    def list_keys(self) -> Sequence[StoredKey]:
        """Give all keys, the oldest first."""
        with self._lock:
            return sorted(self._keys.values(), key=lambda key: key.created)

    def expire_keys(self, name: str, at: float) -> int:
        """Let the keys of a name end at this moment, but those that end sooner; gives how many were changed."""
        with self._lock:
            ending = [key for key in self._keys.values() if key.name == name and key.valid(at)]
            self._keys.update({key.digest: replace(key, expires=at) for key in ending})
        return len(ending)

    def close(self) -> None:
        """Nothing is held."""
