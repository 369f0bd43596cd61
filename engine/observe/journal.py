"""Lines of the log on their way out: several leave together, a moment later, so that no request waits for a pipe."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator
from select import PIPE_BUF

PAUSE = 0.02
"""Seconds that a line waits at most for others to be written with."""

MANY = 256
"""Lines that are written at once, without waiting for more."""


class Journal:
    """Collects lines and hands them to `write`, each with its line end. To be used within a running event loop.

    At once are handed out what a pipe takes as a whole, so that lines of several workers never run into each other.
    """

    __slots__ = ("_due", "_lines", "_write")

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._lines: list[bytes] = []
        self._due: asyncio.TimerHandle | None = None

    def add(self, line: str) -> None:
        """Take a line."""
        self._lines.append(line.encode("utf-8", "backslashreplace") + b"\n")
        if len(self._lines) >= MANY:
            self.flush()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(PAUSE, self.flush)

    def flush(self) -> None:
        """Write what there is; a log that nobody reads any more is no reason to fail."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        lines, self._lines = self._lines, []
        with contextlib.suppress(OSError, ValueError):
            for piece in _pieces(lines):
                self._write(piece)


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, as many together as a pipe takes at once; a line that is longer stands alone."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > PIPE_BUF:
            yield piece
            piece = b""
        piece += line
    if piece:
        yield piece
