"""Taking up changed files while workers serve: they are looked through in a process of its own, and then adopted."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from collections.abc import Callable
from functools import partial

from .child import Run, ended
from .nameless import nameless
from .watch import Watch

_log = logging.getLogger("torouter.server")


class Upkeep:
    """Has files looked through when they change, or when somebody asks; `files` holds those that were right last.

    `check` runs in a child, and is given a file of its own: it tells what is wrong or, when nothing is, keeps there
    what it has read, and gives 0.
    """

    def __init__(self, check: Callable[[int], int], files: int, watch: Watch | None = None) -> None:
        self.files = files
        self._check = check
        self._watch = watch
        self._asked = False
        self._pid = 0
        self._found = -1

    @property
    def pause(self) -> float | None:
        """How many seconds `step` need not be called, unless a signal comes or a child ends."""
        return self._watch.pause if self._watch is not None else None

    def ask(self) -> None:
        """Have the files looked through, whether they changed or not."""
        self._asked = True

    def step(self, fork: Callable[[Run], int]) -> bool:
        """Do what is to be done now; tells whether other files were adopted."""
        if self._pid:
            status = ended(self._pid)
            if status is None:
                return False
            self._pid = 0
            return self._adopted(right=status == 0)
        if self._watch is not None and self._watch.changed():
            self._asked = True
        if self._asked:
            self._asked = False
            self._look_through(fork)
        return False

    def close(self) -> None:
        """Look no further."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
            self._pid = 0

    def _look_through(self, fork: Callable[[Run], int]) -> None:
        try:
            self._found = nameless()
            self._pid = fork(partial(self._check, self._found))
        except OSError as fault:
            self._forget(self._found)
            _log.error("the files cannot be looked through: %s", fault.strerror)

    def _adopted(self, *, right: bool) -> bool:
        if right:
            self.files, self._found = self._found, self.files
        else:
            _log.error("The files changed and are not right; what runs stays as it was.")
        self._forget(self._found)
        return right

    def _forget(self, descriptor: int) -> None:
        self._found = -1
        if descriptor >= 0:
            os.close(descriptor)
