"""Files without a name: whoever inherits the descriptor has one, and it is gone with the last of them."""

from __future__ import annotations

import os


def nameless() -> int:
    """Make an empty file in memory, or at least one without a name; gives its descriptor. Raises OSError."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("torouter")
    import tempfile  # only here: it comes with much that a supervisor does not need

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def write_whole(descriptor: int, data: bytes) -> None:
    """Make `data` all that a file holds. Raises OSError."""
    os.ftruncate(descriptor, 0)
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], written)


def read_whole(descriptor: int) -> bytes:
    """Read all that a file holds, wherever others have read to. Raises OSError."""
    size, found = os.fstat(descriptor).st_size, b""
    while len(found) < size and (piece := os.pread(descriptor, size - len(found), len(found))):
        found += piece
    return found
