"""The memory that all workers share: made by the supervisor, inherited like its sockets, gone with the last of them."""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
from functools import partial

from ..observe.board import REGION, Board
from .nameless import nameless

_log = logging.getLogger("torouter.server")


def shared(workers: int) -> int:
    """Make memory for so many workers, and for those that replace them; gives its descriptor. Raises OSError."""
    descriptor = nameless()
    os.ftruncate(descriptor, 2 * workers * REGION)
    return descriptor


def claimed(descriptor: int | None) -> Board:
    """Take a region that no living worker has; a lock on it ends with this process, however that ends."""
    if descriptor is None:
        return Board.alone()
    size = os.fstat(descriptor).st_size
    for slot in range(size // REGION):
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except OSError:
            continue
        return Board(memoryview(mmap.mmap(descriptor, size)), slot, lives=partial(_is_held, descriptor, slot))
    _log.error("there is no room for this worker's metrics")
    return Board.alone()


def _is_held(descriptor: int, own: int, slot: int) -> bool:
    """Tell whether some living worker has a region: its lock lets nobody else have even a shared one."""
    if slot == own:
        return True  # to ask for a lock that this process has would give it away
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, slot)
    except OSError:
        return True
    fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, slot)
    return False
