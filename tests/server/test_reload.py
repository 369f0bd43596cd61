"""What was loaded anew takes the place of what runs, and what could not be loaded does not."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable

import pytest
from torouter.server.reload import for_good, keep_loading


async def adopted(caplog: pytest.LogCaptureFixture, *loads: Callable[[], str | None]) -> list[str]:
    """Ask for a load as often as there are some, one after the other; what was adopted."""
    asked, found, waiting = asyncio.Event(), list[str](), list(loads)
    caplog.set_level(logging.WARNING, "torouter.server")

    def load() -> str | None:
        return waiting.pop(0)()

    task = asyncio.create_task(keep_loading(asked, load, found.append))
    async with asyncio.timeout(10):
        for count in range(1, len(loads) + 1):
            asked.set()
            while len(caplog.records) < count:
                await asyncio.sleep(0.01)
    task.cancel()
    return found


def broken() -> str:
    raise RuntimeError("a fault of the loader")


async def test_what_was_loaded_is_adopted(caplog: pytest.LogCaptureFixture) -> None:
    assert await adopted(caplog, lambda: "one", lambda: "two") == ["one", "two"]


async def test_what_is_not_right_replaces_nothing_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert await adopted(caplog, lambda: None, lambda: "two") == ["two"]
    assert "what runs stays as it was" in caplog.text


async def test_a_fault_while_loading_replaces_nothing_and_the_next_load_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    assert await adopted(caplog, broken, lambda: "two") == ["two"]
    assert "a fault of the loader" in caplog.text


def test_the_collector_never_looks_at_what_is_made_for_good() -> None:
    before = gc.get_freeze_count()
    try:
        with for_good():
            made = [[] for _ in range(1000)]
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(made)
    finally:
        gc.unfreeze()
