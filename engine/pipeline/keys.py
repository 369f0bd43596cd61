"""Keys beside those of the files: the one of this machine, and those of the store."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..compile.snapshot import Key
from ..store import Store, StoreError
from .errors import Problem

FRESH = 5.0
"""How many seconds an answer of the store is believed: a key that is revoked opens nothing after that."""

_REMEMBERED = 10_000
_log = logging.getLogger("torouter.pipeline")


@dataclass(slots=True)
class KeyRing:
    """Finds keys by their digest. `store` gives the store, or nothing as long as there is none."""

    local: Mapping[str, Key] = field(default_factory=dict, repr=False)
    store: Callable[[], Store | None] = lambda: None
    now: Callable[[], float] = time.monotonic
    _known: dict[str, tuple[float, Key | None]] = field(default_factory=dict, repr=False)

    async def find(self, digest: str) -> Key | None:
        """Give the key with this digest. Raises Problem when the store cannot be asked."""
        if found := self.local.get(digest):
            return found
        known = self._known.get(digest)
        if known is not None and self.now() < known[0]:
            return known[1]
        try:
            key = await asyncio.to_thread(self._ask, digest)
        except StoreError as fault:
            _log.error("%s", fault)
            raise Problem("unavailable", "API keys cannot be checked just now.", code="keys_unavailable") from fault
        self._known.pop(digest, None)
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]  # the one that was asked for the longest time ago
        self._known[digest] = (self.now() + FRESH, key)
        return key

    def _ask(self, digest: str) -> Key | None:
        store = self.store()
        kept = store.find_key(digest) if store is not None else None
        return None if kept is None else Key(kept.name, kept.group, kept.expires, disabled=False)
