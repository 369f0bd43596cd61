"""The contract of a store: whichever is used, it keeps the same promises, and the same tests hold it to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class StoreError(Exception):
    """The store cannot be read or written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A client's key as it is kept: never its text, but the SHA-256 of it and a hint by which people know it again.

    Several keys may have one name: after a rotation the old one lives on for a while. Moments in seconds since 1970.
    """

    name: str
    group: str
    digest: str
    hint: str
    created: float
    expires: float | None = None

    def valid(self, now: float) -> bool:
        """Tell whether the key opens anything at this moment."""
        return self.expires is None or now < self.expires


class Store(Protocol):
    """Calls block for as long as the place takes, and may come from any thread; each raises StoreError."""

    def add_key(self, key: StoredKey) -> None:
        """Keep one more key."""

    def find_key(self, digest: str) -> StoredKey | None:
        """Give the key with this digest, valid or not."""

    def list_keys(self) -> Sequence[StoredKey]:
        """Give all keys, the oldest first."""

    def expire_keys(self, name: str, at: float) -> int:
        """Let the keys of a name end at this moment, but those that end sooner; gives how many were changed."""

    def close(self) -> None:
        """Let go of the place; a second call does nothing."""
