"""Changed files are looked through in another process, and adopted if they are right."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable

import pytest
from torouter.server.nameless import nameless, read_whole, write_whole
from torouter.server.upkeep import Upkeep
from torouter.server.watch import Watch


class Looking:
    """What looks through files: counts how often, keeps what it has read, and ends with a status."""

    def __init__(self, status: int = 0) -> None:
        self.count = 0
        self.status = status

    def __call__(self, descriptor: int) -> int:
        self.count += 1
        write_whole(descriptor, b"%d" % self.count)
        return self.status


def made(status: int = 0, watch: Watch | None = None) -> tuple[Upkeep, Looking]:
    looking = Looking(status)
    write_whole(first := nameless(), b"first")
    return Upkeep(looking, first, watch), looking


def fork(check: Callable[[], int]) -> int:
    """Run it here, and let another process end with what it gave: tests have threads, which do not go with forks."""
    return os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", f"raise SystemExit({check()})"], os.environ)


def steps(upkeep: Upkeep, until: Callable[[bool], bool]) -> None:
    while not until(upkeep.step(fork)):
        time.sleep(0.01)


def test_nothing_is_done_unless_somebody_asks() -> None:
    upkeep, looking = made()
    assert [upkeep.step(fork) for _ in range(3)] == [False] * 3
    assert (looking.count, upkeep.pause) == (0, None)


def test_files_that_are_right_are_adopted_as_they_were_looked_through() -> None:
    upkeep, looking = made()
    upkeep.ask()
    assert not upkeep.step(fork)
    assert read_whole(upkeep.files) == b"first"
    before = upkeep.files
    steps(upkeep, lambda adopted: adopted)
    assert (looking.count, read_whole(upkeep.files), upkeep.step(fork)) == (1, b"1", False)
    with pytest.raises(OSError):
        os.fstat(before)  # what is not right any more is let go of


@pytest.mark.parametrize("status", [1, -9])
def test_files_that_are_not_right_replace_nothing_and_the_next_change_is_tried(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    upkeep, looking = made(status)
    upkeep.ask()
    steps(upkeep, lambda _: "what runs stays as it was" in caplog.text)
    assert read_whole(upkeep.files) == b"first"
    looking.status = 0
    upkeep.ask()
    steps(upkeep, lambda adopted: adopted)
    assert read_whole(upkeep.files) == b"2"


def test_what_is_asked_while_files_are_looked_through_is_done_after_that() -> None:
    upkeep, looking = made()
    upkeep.ask()
    upkeep.step(fork)
    upkeep.ask()
    steps(upkeep, lambda adopted: adopted)
    steps(upkeep, lambda adopted: adopted)
    assert (looking.count, read_whole(upkeep.files)) == (2, b"2")


def test_a_change_that_is_noticed_asks_by_itself() -> None:
    watch = Watch([], 1)
    watch.changed = iter([False, True]).__next__  # type: ignore[method-assign]
    upkeep, looking = made(watch=watch)
    assert upkeep.pause == 1
    upkeep.step(fork)
    upkeep.step(fork)
    watch.changed = lambda: False  # type: ignore[method-assign]
    steps(upkeep, lambda adopted: adopted)
    assert looking.count == 1


def test_that_no_process_can_be_made_is_told_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: Callable[[], int]) -> int:
        raise BlockingIOError(11, "no more processes")

    upkeep, looking = made()
    upkeep.ask()
    assert not upkeep.step(refuse)
    assert "no more processes" in caplog.text
    upkeep.ask()
    steps(upkeep, lambda adopted: adopted)
    assert looking.count == 1


def test_who_stops_does_not_leave_a_process_behind(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    (upkeep, _), pids = made(), list[int]()

    def forever(_: Callable[[], int]) -> int:
        pids.append(os.posix_spawn("/bin/sleep", ["sleep", "3600"], os.environ))
        return pids[0]

    upkeep.ask()
    upkeep.step(forever)
    upkeep.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
