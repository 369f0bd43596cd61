"""Changed files are looked through in another process, and adopted if they are right."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable

import pytest
from torouter.diagnostics import Diagnostics, Span
from torouter.server.upkeep import Upkeep
from torouter.server.watch import Watch


class Adopting:
    """What takes up files: counts how often, and finds what it is told to find."""

    def __init__(self, finds: str = "") -> None:
        self.count = 0
        self._finds = finds

    def __call__(self) -> Diagnostics:
        self.count += 1
        if self._finds == "fault":
            raise RuntimeError("a fault of the loader")
        found = Diagnostics()
        if self._finds:
            found.error("bad-value", Span("routes.yaml", 1, 1), self._finds)
        return found


def fork(check: Callable[[], int]) -> int:
    """Run it here, and let another process end with what it gave: tests have threads, which do not go with forks."""
    return os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", f"raise SystemExit({check()})"], os.environ)


def steps(upkeep: Upkeep, until: Callable[[bool], bool]) -> None:
    while not until(upkeep.step(fork)):
        time.sleep(0.01)


def test_nothing_is_done_unless_somebody_asks() -> None:
    upkeep = Upkeep(lambda: 0, adopt := Adopting())
    assert [upkeep.step(fork) for _ in range(3)] == [False] * 3
    assert (adopt.count, upkeep.pause) == (0, None)


def test_files_that_are_right_are_adopted_once_they_were_looked_through() -> None:
    upkeep = Upkeep(lambda: 0, adopt := Adopting())
    upkeep.ask()
    assert not upkeep.step(fork)
    assert adopt.count == 0
    steps(upkeep, lambda adopted: adopted)
    assert (adopt.count, upkeep.step(fork)) == (1, False)


@pytest.mark.parametrize("status", [1, -9])
def test_files_that_are_not_right_are_not_even_loaded_here(status: int, caplog: pytest.LogCaptureFixture) -> None:
    upkeep = Upkeep(lambda: status, adopt := Adopting())
    upkeep.ask()
    steps(upkeep, lambda _: "what runs stays as it was" in caplog.text)
    assert adopt.count == 0


@pytest.mark.parametrize("finds", ["fault", "they changed again"])
def test_what_goes_wrong_here_changes_nothing_and_the_next_change_is_tried(finds: str, caplog: pytest.LogCaptureFixture) -> None:
    upkeep = Upkeep(lambda: 0, adopt := Adopting(finds))
    for count in (1, 2):
        upkeep.ask()
        steps(upkeep, lambda adopted: not adopted and adopt.count == count)
    assert caplog.text.count("what runs stays as it was") == 2


def test_what_is_asked_while_files_are_looked_through_is_done_after_that() -> None:
    upkeep = Upkeep(lambda: 0, adopt := Adopting())
    upkeep.ask()
    upkeep.step(fork)
    upkeep.ask()
    steps(upkeep, lambda adopted: adopted)
    steps(upkeep, lambda adopted: adopted)
    assert adopt.count == 2


def test_a_change_that_is_noticed_asks_by_itself() -> None:
    watch = Watch([], 1)
    watch.changed = iter([False, True]).__next__  # type: ignore[method-assign]
    upkeep = Upkeep(lambda: 0, adopt := Adopting(), watch)
    assert upkeep.pause == 1
    upkeep.step(fork)
    upkeep.step(fork)
    watch.changed = lambda: False  # type: ignore[method-assign]
    steps(upkeep, lambda adopted: adopted)
    assert adopt.count == 1


def test_no_process_can_be_made_is_told_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: Callable[[], int]) -> int:
        raise BlockingIOError(11, "no more processes")

    upkeep = Upkeep(lambda: 0, Adopting())
    upkeep.ask()
    assert not upkeep.step(refuse)
    assert "no more processes" in caplog.text


def test_who_stops_does_not_leave_a_process_behind(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    upkeep, pids = Upkeep(lambda: 0, Adopting()), list[int]()

    def forever(_: Callable[[], int]) -> int:
        pids.append(os.posix_spawn("/bin/sleep", ["sleep", "3600"], os.environ))
        return pids[0]

    upkeep.ask()
    upkeep.step(forever)
    upkeep.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
