"""The supervisor keeps workers alive on its sockets and stops them in order; the workers here are small programs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from torouter.server.supervisor import Supervisor, listen

WORKER = """
import os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
sock = socket.socket(fileno=int(sys.argv[1]))
sock.setblocking(True)
print("ready", flush=True)
while True:
    peer, _ = sock.accept()
    peer.sendall(str(os.getpid()).encode())
    peer.close()
"""


@dataclass
class Supervised:
    supervisor: Supervisor
    task: asyncio.Task[int]
    ready: asyncio.Event
    port: int

    async def pid(self) -> int:
        """The process that answers now."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            return int(await reader.read())
        finally:
            writer.close()


@asynccontextmanager
async def supervised(program: str, workers: int = 1, grace: float = 5) -> AsyncIterator[Supervised]:
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    command = [sys.executable, "-S", "-c", program, str(sock.fileno())]
    supervisor = Supervisor(command, [sock], workers, grace)
    ready = asyncio.Event()
    task = asyncio.create_task(supervisor.run(ready.set))
    try:
        yield Supervised(supervisor, task, ready, port)
    finally:
        if not task.done():
            supervisor.stop()
        await task
        sock.close()


async def test_workers_accept_on_the_inherited_socket_and_end_with_the_supervisor() -> None:
    async with supervised(WORKER, workers=2) as it:
        await it.ready.wait()
        pid = await it.pid()
        os.kill(os.getpid(), signal.SIGTERM)
        assert await it.task == 0
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(ConnectionRefusedError):
            await it.pid()


async def test_a_killed_worker_is_replaced() -> None:
    async with supervised(WORKER) as it:
        await it.ready.wait()
        before = await it.pid()
        os.kill(before, signal.SIGKILL)
        assert await it.pid() != before


HEARING = """
import signal
heard = 0
def hear(*_):
    global heard
    heard += 1
signal.signal(signal.SIGHUP, hear)
""" + WORKER.replace("str(os.getpid())", "str(heard)")


async def test_a_reload_reaches_every_worker_that_is_ready() -> None:
    async with supervised(HEARING) as it:
        await it.ready.wait()
        it.supervisor.reload()
        while await it.pid() != 1:
            await asyncio.sleep(0.01)


async def test_a_worker_that_was_starting_reloads_once_it_is_ready(tmp_path: Path) -> None:
    begun, may = tmp_path / "begun", tmp_path / "may"
    waiting = f"import os, time\nopen({str(begun)!r}, 'w')\nwhile not os.path.exists({str(may)!r}): time.sleep(0.01)\n"
    async with supervised(waiting + HEARING) as it:
        while not begun.exists():
            await asyncio.sleep(0.01)
        it.supervisor.reload()
        may.touch()
        await it.ready.wait()
        while await it.pid() != 1:
            await asyncio.sleep(0.01)


async def test_a_worker_that_does_not_stop_is_killed_after_the_grace() -> None:
    async with supervised(WORKER.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN"), grace=0.1) as it:
        await it.ready.wait()
        it.supervisor.stop()
        assert await it.task == 0


async def test_a_second_stop_does_not_wait() -> None:
    async with supervised(WORKER.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN"), grace=3600) as it:
        await it.ready.wait()
        it.supervisor.stop()
        it.supervisor.stop()
        assert await it.task == 0


async def test_workers_that_cannot_start_end_the_supervisor_with_a_failure(tmp_path: Path) -> None:
    count = tmp_path / "count"
    async with supervised(f"open({str(count)!r}, 'a').write('x'); raise SystemExit(3)") as it:
        assert await it.task == 1
        assert not it.ready.is_set()
        assert count.read_text() == "xxx"


def test_a_taken_port_is_an_error_of_the_system() -> None:
    with listen("127.0.0.1", 0) as sock, pytest.raises(OSError):
        listen("127.0.0.1", sock.getsockname()[1])


def test_an_address_of_six_is_understood() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with listen("::1", 0) as sock:
        assert sock.family is socket.AF_INET6


def test_small_writes_to_an_accepted_connection_do_not_wait() -> None:
    with listen("127.0.0.1", 0) as sock, socket.create_connection(sock.getsockname()):
        sock.setblocking(True)
        accepted, _ = sock.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
