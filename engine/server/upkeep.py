"""Taking up changed files while workers serve: looked through in a process of its own, and then adopted."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from collections.abc import Callable

from ..diagnostics import Diagnostics
from .child import Run, ended
from .watch import Watch

_log = logging.getLogger("torouter.server")


class Upkeep:
    """Has files looked through when they change, or when somebody asks, and adopts those that are right.

    `check` runs in a child; it tells what is wrong, and gives 0 when nothing is. Then `adopt` runs here.
    """

    def __init__(self, check: Run, adopt: Callable[[], Diagnostics], watch: Watch | None = None) -> None:
        self._check = check
        self._adopt = adopt
        self._watch = watch
        self._asked = False
        self._pid = 0

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
            return self._adopted(status)
        if self._watch is not None and self._watch.changed():
            self._asked = True
        if self._asked:
            self._asked = False
            try:
                self._pid = fork(self._check)
            except OSError as fault:
                _log.error("the files cannot be looked through: %s", fault.strerror)
        return False

    def close(self) -> None:
        """Look no further."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
            self._pid = 0

    def _adopted(self, status: int) -> bool:
        try:
            if status == 0 and not self._adopt().failed:
                return True
            _log.error("The files changed and are not right; what runs stays as it was.")
        except Exception:  # noqa: BLE001 - whatever it was, what runs goes on
            _log.exception("the files could not be loaded; what runs stays as it was")
        return False
