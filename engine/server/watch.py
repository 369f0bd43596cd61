"""Notices that files changed: what is in some folders, by name, time and size."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

Look = Mapping[str, tuple[int, int]]
"""Every file, with the time of its last change in nanoseconds and its size in bytes."""

_SUFFIXES = (".yaml", ".yml", ".json")
_MOST = 10_000


def look(places: Iterable[Path]) -> Look:
    """Look at the files in some folders, or at some files, as they are now; what is gone while looking is left out."""
    found: dict[str, tuple[int, int]] = {}
    for path in _files(places):
        try:
            status = path.stat()
        except OSError:
            continue
        found[str(path)] = (status.st_mtime_ns, status.st_size)
        if len(found) == _MOST:
            break
    return found


class Watch:
    """Looks at some places, at most once in `pause` seconds, and tells of changes once nothing changes any more."""

    def __init__(self, places: Iterable[Path], pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.pause = pause
        self._places = tuple(places)
        self._clock = clock
        self._due = clock() + pause
        self._told = self._seen = look(self._places)

    def changed(self) -> bool:
        """Tell whether files are not what they were when that was last asked and answered with yes, or at first."""
        if self._clock() < self._due:
            return False
        before, self._seen = self._seen, look(self._places)
        self._due = self._clock() + self.pause
        if self._seen != before or self._seen == self._told:  # an editor, or a checkout, may not be done yet
            return False
        self._told = self._seen
        return True


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        for folder, folders, names in os.walk(place):
            folders[:] = [name for name in folders if not name.startswith((".", "_"))]
            yield from (Path(folder, name) for name in names if name.endswith(_SUFFIXES))
