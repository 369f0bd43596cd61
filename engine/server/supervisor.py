"""The supervisor: owns the listening sockets, keeps N workers alive that accept on them, and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence

READY = b"ready\n"
"""What a worker writes to its standard output once it accepts connections."""

_LONGEST_PAUSE = 30.0
_YOUNG = 5.0
_ATTEMPTS = 3
_log = logging.getLogger("torouter.server")


class Supervisor:
    """Runs `command` in `workers` processes; each inherits the sockets and a pipe that closes when we are gone.

    Each inherits the descriptors `shared`, too. A worker that dies is replaced, at once after a good life and with
    growing pauses after a short one.
    """

    def __init__(
        self,
        command: Sequence[str],
        sockets: Sequence[socket.socket],
        workers: int,
        grace: float,
        shared: Sequence[int] = (),
    ) -> None:
        self._command = command
        self._sockets = sockets
        self._workers = workers
        self._grace = grace
        self._shared = shared
        self._stopping = asyncio.Event()
        self._processes: dict[int, Process] = {}
        self._ready: set[int] = set()
        self._announced = False
        self._edition = 0

    async def run(self, announce: Callable[[], None]) -> int:
        """Keep the workers running until a signal comes; `announce` is called once all of them accept connections.

        Returns 0 after an orderly stop, 1 when workers could not even start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        try:
            results = await asyncio.gather(*(self._keep(slot, announce) for slot in range(self._workers)))
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
        return 0 if all(results) else 1

    def stop(self) -> None:
        """Stop in order: no new connections, workers drain. A second call does not wait for anything."""
        number = signal.SIGKILL if self._stopping.is_set() else signal.SIGTERM
        self._stopping.set()
        for sock in self._sockets:
            sock.close()
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    def reload(self) -> None:
        """Have every worker load the files anew; one that is just starting does so once it is ready."""
        self._edition += 1
        for slot in self._ready:
            self._hang_up(self._processes[slot])

    @staticmethod
    def _hang_up(process: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGHUP)

    async def _keep(self, slot: int, announce: Callable[[], None]) -> bool:
        """Keep one worker alive; false when it died young several times without ever having been ready."""
        loop = asyncio.get_running_loop()
        early = 0
        while not self._stopping.is_set():
            begun = loop.time()
            status = await self._live(slot, announce)
            if self._stopping.is_set():
                break
            _log.error("worker %d ended with status %d; it is replaced", slot, status)
            early = early + 1 if loop.time() - begun < _YOUNG else 0
            if early >= _ATTEMPTS and not self._announced:
                self.stop()
                return False
            with contextlib.suppress(TimeoutError):
                pause = min(0.25 * 2**early, _LONGEST_PAUSE) if early else 0
                await asyncio.wait_for(self._stopping.wait(), pause)
        return True

    async def _live(self, slot: int, announce: Callable[[], None]) -> int:
        """One life of a worker: start, tell when it is ready, wait for its end."""
        descriptors = [*(sock.fileno() for sock in self._sockets), *self._shared]
        edition = self._edition
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, pass_fds=descriptors)
        self._processes[slot] = process
        try:
            assert process.stdout is not None
            if await process.stdout.readline() == READY:
                self._ready.add(slot)
                if edition != self._edition:  # it may have read the files before they changed
                    self._hang_up(process)
                if len(self._ready) == self._workers and not self._announced:
                    self._announced = True
                    announce()
            return await self._wait(process)
        finally:
            self._ready.discard(slot)
            del self._processes[slot]

    async def _wait(self, process: Process) -> int:
        """Wait for the end of a worker, and for no longer than the grace once we are stopping."""
        ended = asyncio.ensure_future(process.wait())
        stopped = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            await asyncio.wait({ended}, timeout=self._grace)
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return await ended


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
