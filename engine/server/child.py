"""A process of our own that is made by a fork: with nothing in it that belongs to the one it came from."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable

Run = Callable[[], int]
"""What a process does; it gives the exit status."""

HEARD = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})
"""Signals for which a supervisor has handlers."""


def fork(run: Run) -> int:
    """Run something in a process of its own, whose exit status is what it gives; returns the id of the process.

    It begins as other programs do, but that it does not hear SIGINT and SIGHUP, which a terminal sends to everybody.
    Raises OSError when there can be no more processes. Only for a process without threads.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    held = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)  # a handler of ours must not run in the child
    try:
        pid = os.fork()
        if pid == 0:
            _live(run)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    return pid


def _live(run: Run) -> None:
    """Be the child; this never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in HEARD:
            is_shared = number in {signal.SIGINT, signal.SIGHUP}
            signal.signal(number, signal.SIG_IGN if is_shared else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
        status = run()
    except BaseException:  # noqa: BLE001 - nothing may reach what the parent was doing
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def result(run: Run) -> int:
    """Run something in a process of its own and wait for it; gives its exit status."""
    pid = fork(run)
    try:
        _, status = os.waitpid(pid, 0)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    return os.waitstatus_to_exitcode(status)


def ended(pid: int) -> int | None:
    """The exit status of a child, that of a signal as a negative number; nothing while it runs."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None
