"""The supervisor: owns the listening sockets, keeps N workers alive that accept on them, and stops them in order."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .child import HEARD, Run, ended, fork
from .upkeep import Upkeep

READY = b"ready\n"
"""What a worker tells once it accepts connections."""

_LONGEST_PAUSE = 30.0
_YOUNG = 5.0
_ATTEMPTS = 3
_BLINK = 0.01
_log = logging.getLogger("torouter.server")


@dataclass(frozen=True, slots=True)
class Line:
    """What connects a worker with its supervisor: `life` ends when that is gone, `news` takes `READY`."""

    life: int
    news: int

    def tell(self, message: bytes) -> None:
        """Say something to the supervisor."""
        os.write(self.news, message)


@dataclass(frozen=True, slots=True)
class Begun:
    """Workers that have begun: both ends of their `life`, and of each its process, its news and when it began.

    A worker that could not begin has no process, which is 0 then.
    """

    life: tuple[int, int]
    workers: Sequence[tuple[int, int, float]]


@dataclass(slots=True)
class _Slot:
    """The place of one worker, and the one that has it now; `short` counts its lives that were short, in a row."""

    number: int
    pid: int = 0
    news: int = -1
    ready: bool = False
    edition: int = 0
    begun: float = 0.0
    short: int = 0
    due: float = 0.0


class Supervisor:
    """Runs `work` in so many processes, made by forks of this one, which has no threads and no event loop.

    A worker that dies is replaced, at once after a good life and with growing pauses after short ones. Workers may have
    begun before, when this process was another program.
    """

    def __init__(
        self,
        work: Callable[[Line], int],
        sockets: Sequence[socket.socket],
        workers: int | Begun,
        grace: float,
        upkeep: Upkeep | None = None,
    ) -> None:
        self._work = work
        self._sockets = sockets
        self._grace = grace
        self._upkeep = upkeep
        if isinstance(workers, Begun):
            self._life = workers.life
            self._slots = [
                _Slot(number, pid, news, begun=begun) for number, (pid, news, begun) in enumerate(workers.workers)
            ]
        else:
            self._life = os.pipe()
            self._slots = [_Slot(number) for number in range(workers)]
        self._wake = os.pipe()
        self._deadline: float | None = None
        self._announced = False
        self._failed = False
        self._edition = 0

    def run(self, announce: Callable[[], None]) -> int:
        """Keep the workers running until a signal comes; `announce` is called once all of them accept connections.

        Returns 0 after an orderly stop, 1 when workers could not even start.
        """
        with self._signals():
            while True:
                for slot in self._slots:
                    if slot.pid == 0 and self._deadline is None and slot.due <= time.monotonic():
                        self._start(slot)
                if self._deadline is not None and not any(slot.pid for slot in self._slots):
                    return 1 if self._failed else 0
                self._listen(announce)
                for slot in self._slots:
                    if slot.pid and (status := ended(slot.pid)) is not None:
                        self._end(slot, status)
                if self._upkeep is not None and self._deadline is None and self._upkeep.step(self._fork_aside):
                    self._reload()
                if self._deadline is not None and time.monotonic() >= self._deadline:
                    self._signal(signal.SIGKILL)

    def begin(self) -> Begun:
        """Begin all workers, and leave them, and what signals come from now on, to whoever keeps them running."""
        signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        for slot in self._slots:
            self._start(slot)
        return Begun(self._life, [(slot.pid, slot.news, slot.begun) for slot in self._slots])

    def stop(self) -> None:
        """Stop in order: no new connections, workers drain. A second call does not wait for anything."""
        again = self._deadline is not None
        self._deadline = time.monotonic() + (0 if again else self._grace)
        for sock in self._sockets:
            sock.close()
        self._signal(signal.SIGKILL if again else signal.SIGTERM)

    def ask(self) -> None:
        """Have the files looked through, and loaded anew if they are right."""
        if self._upkeep is not None:
            self._upkeep.ask()

    def _reload(self) -> None:
        """Have every worker load the files anew; one that is just starting does so once it is ready."""
        self._edition += 1
        for slot in self._slots:
            if slot.ready:
                self._hang_up(slot)

    def _hang_up(self, slot: _Slot) -> None:
        slot.edition = self._edition
        os.kill(slot.pid, signal.SIGHUP)  # one that has ended is there until it is waited for

    def _signal(self, number: signal.Signals) -> None:
        for slot in self._slots:
            with contextlib.suppress(ProcessLookupError):  # a signal to us may come just when it was waited for
                if slot.pid:
                    os.kill(slot.pid, number)

    def _start(self, slot: _Slot) -> None:
        """Begin the life of a worker."""
        slot.begun, slot.edition = time.monotonic(), self._edition
        heard, told = os.pipe()
        try:
            slot.pid = self._fork(lambda: self._work(Line(self._life[0], told)), heard)
            slot.news = heard
        except OSError as fault:
            os.close(heard)
            slot.due = slot.begun + 1
            _log.error("worker %d cannot be started: %s", slot.number, fault.strerror)
        finally:
            os.close(told)
        if self._deadline is not None:  # the signal came just now
            self._signal(signal.SIGTERM)

    def _fork(self, run: Run, *own: int) -> int:
        """Run something in a process that has nothing of ours but the sockets and the end of our life; not `own`."""
        held = [*own, *self._wake, self._life[1], *(slot.news for slot in self._slots if slot.news >= 0)]

        def alone() -> int:
            for descriptor in held:
                os.close(descriptor)
            return run()

        return fork(alone)

    def _fork_aside(self, run: Run) -> int:
        """Run something in a process that does not even have the sockets, so that these close with the last worker."""
        return self._fork(run, *(sock.fileno() for sock in self._sockets if sock.fileno() >= 0))

    def _listen(self, announce: Callable[[], None]) -> None:
        """Wait for something to happen, and take what workers say."""
        silent = {slot.news: slot for slot in self._slots if slot.news >= 0}
        heard, _, _ = select.select([self._wake[0], *silent], [], [], self._patience())
        for descriptor in heard:
            said = os.read(descriptor, 4096)
            if slot := silent.get(descriptor):
                self._hush(slot)
                slot.ready = said == READY
                if slot.ready and slot.edition != self._edition:  # it was made of what there is no more
                    self._hang_up(slot)
        if not self._announced and all(slot.ready for slot in self._slots):
            self._announced = True
            announce()

    @staticmethod
    def _hush(slot: _Slot) -> None:
        """Hear no more of a worker: it has said all, or is gone."""
        if slot.news >= 0:
            os.close(slot.news)
            slot.news = -1

    def _patience(self) -> float | None:
        """How many seconds we can wait without looking at anything."""
        now = time.monotonic()
        if self._deadline is not None:
            return max(_BLINK, self._deadline - now)
        waits = [max(0.0, slot.due - now) for slot in self._slots if slot.pid == 0]
        if self._upkeep is not None and self._upkeep.pause is not None:
            waits.append(self._upkeep.pause)
        return min(waits, default=None)

    def _end(self, slot: _Slot, status: int) -> None:
        """Note the end of a worker, and when the next one begins."""
        now = time.monotonic()
        self._hush(slot)
        slot.pid, slot.ready = 0, False
        if self._deadline is not None:
            return
        _log.error("worker %d ended with status %d; it is replaced", slot.number, status)
        slot.short = slot.short + 1 if now - slot.begun < _YOUNG else 0
        slot.due = now + (min(0.25 * 2 ** (slot.short - 2), _LONGEST_PAUSE) if slot.short > 1 else 0)
        if slot.short >= _ATTEMPTS and not self._announced:
            self._failed = True
            self.stop()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Hear what is asked of us while we wait, and what becomes of children."""
        for descriptor in self._wake:
            os.set_blocking(descriptor, False)
        handlers = {
            signal.SIGINT: lambda *_: self.stop(),
            signal.SIGTERM: lambda *_: self.stop(),
            signal.SIGHUP: lambda *_: self.ask(),
            signal.SIGCHLD: lambda *_: None,
        }
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        woken = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)  # they are held back since workers began
        try:
            yield
        finally:
            if self._upkeep is not None:
                self._upkeep.close()
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            for descriptor in (*self._life, *self._wake):
                os.close(descriptor)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on one address. Raises OSError.

    What it accepts inherits TCP_NODELAY: some event loops set it only on sockets they made themselves, and without it
    every second small write of a stream waits for the client's delayed acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, port), family=family, backlog=1024)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(False)
    return sock
