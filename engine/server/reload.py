"""Taking up changed files while requests run: loaded beside what runs, and put in its place in one step."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

Loaded = TypeVar("Loaded")
Load = Callable[[], Loaded | None]

_SMALL = 50_000
_log = logging.getLogger("torouter.server")


async def keep_loading(asked: asyncio.Event, load: Load[Loaded], adopt: Callable[[Loaded], None]) -> None:
    """Load in a thread whenever `asked` is set, and adopt what was loaded; runs until cancelled.

    What cannot be loaded replaces nothing.
    """
    while True:
        await asked.wait()
        asked.clear()
        try:
            loaded: Loaded | None = await asyncio.to_thread(_undisturbed, load)
        except Exception:  # noqa: BLE001 - whatever it was, what runs goes on
            _log.exception("the files could not be loaded; what runs stays as it was")
            continue
        if loaded is None:
            _log.error("the files are not right; what runs stays as it was")
        else:
            adopt(loaded)
            _log.warning("the files were loaded anew")


@contextlib.contextmanager
def for_good() -> Iterator[None]:
    """Keep the collector of garbage away from what is made here, now and later: it stays, and searching it takes long.

    The collector stops everything while it searches, which clients would feel.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] < _SMALL:
            gc.collect(0)
        gc.freeze()
        if enabled:
            gc.enable()


def _undisturbed(load: Load[Loaded]) -> Loaded | None:
    with for_good():
        return load()
