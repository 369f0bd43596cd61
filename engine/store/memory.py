"""A store that lasts as long as its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .contract import StoredKey
from .memory_threads import MemoryThreads
from .usage import UsageRecord, UsageSum, sums


class MemoryStore(MemoryThreads):
    """Keeps everything in this process; what it promises stands in the contract."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, StoredKey] = {}
        self._usage: list[UsageRecord] = []

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

    def add_usage(self, records: Sequence[UsageRecord], since: float) -> None:
        """Keep some records; those of requests before `since` are forgotten."""
        with self._lock:
            self._usage = [it for it in (*self._usage, *records) if it.at >= since]

    def sum_usage(self, by: Sequence[str], since: float, until: float) -> Sequence[UsageSum]:
        """Put the requests of a span together."""
        with self._lock:
            return sums([it for it in self._usage if since <= it.at < until], by)

    def close(self) -> None:
        """Nothing is held."""
