"""Notices that files changed: what is in some folders, by name, time and size."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path

Look = Mapping[str, tuple[int, int]]
"""Every file, with the time of its last change in nanoseconds and its size in bytes."""

_SUFFIXES = (".yaml", ".yml", ".json")
_MOST = 10_000
_log = logging.getLogger("torouter.server")


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


async def watch(places: Iterable[Path], pause: float, changed: Callable[[], Awaitable[None]]) -> None:
    """Call `changed` after each change, once nothing has changed any more for `pause` seconds; runs until cancelled."""
    places = tuple(places)
    known = await asyncio.to_thread(look, places)
    while True:
        await asyncio.sleep(pause)
        seen = await asyncio.to_thread(look, places)
        if seen == known:
            continue
        while True:  # an editor, or a checkout, may not be done yet
            await asyncio.sleep(pause)
            known, seen = seen, await asyncio.to_thread(look, places)
            if seen == known:
                break
        _log.info("files changed")
        await changed()


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        for folder, folders, names in os.walk(place):
            folders[:] = [name for name in folders if not name.startswith((".", "_"))]
            yield from (Path(folder, name) for name in names if name.endswith(_SUFFIXES))
