"""The supervisor keeps workers alive on its sockets and stops them in order; the workers here are of a few lines."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from torouter.server.supervisor import listen

PROGRAM = """
import os, signal, socket, sys, time
from torouter.server.nameless import nameless
from torouter.server.supervisor import READY, Supervisor
from torouter.server.upkeep import Upkeep

heard = 0
def hear(*_):
    global heard
    heard += 1

def answer(sock, said):
    sock.setblocking(True)
    while True:
        peer, _ = sock.accept()
        peer.sendall(str(said()).encode())
        peer.close()

def work(line):
    {work}

sock = socket.socket(fileno={sock})
def check(descriptor):
    return 0

class Telling(Upkeep):
    def step(self, fork):
        adopted = super().step(fork)
        if adopted:
            print("adopted", flush=True)
        return adopted

upkeep = Telling(check, nameless())
sys.exit(Supervisor(work, [sock], {workers}, {grace}, upkeep).run(lambda: print("ready", flush=True)))
"""

GOOD = """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    line.tell(READY)
    answer(sock, os.getpid)
"""
HEARING = """
    signal.signal(signal.SIGHUP, hear)
    line.tell(READY)
    answer(sock, lambda: heard)
"""
STUBBORN = GOOD.replace("lambda *_: os._exit(0)", "signal.SIG_IGN")


@dataclass
class Supervised:
    process: subprocess.Popen[str]
    port: int

    def says(self, word: str) -> bool:
        """Wait for its next word, or its end, and tell whether it is this."""
        assert self.process.stdout is not None
        return self.process.stdout.readline() == f"{word}\n"

    def ready(self) -> bool:
        """Wait until all workers accept connections; false when it ended instead."""
        return self.says("ready")

    def ask(self) -> int:
        """What a worker says now."""
        while True:
            with socket.create_connection(("127.0.0.1", self.port)) as peer:
                try:
                    if said := peer.recv(100):
                        return int(said)
                except ConnectionResetError:  # taken by a worker that was just being killed
                    continue


@contextmanager
def supervised(work: str, workers: int = 1, grace: float = 5) -> Iterator[Supervised]:
    with listen("127.0.0.1", 0) as sock:
        port, descriptor = sock.getsockname()[1], sock.fileno()
        program = PROGRAM.format(work=work.strip(), sock=descriptor, workers=workers, grace=grace)
        command = [sys.executable, "-c", program]
        process = subprocess.Popen(command, pass_fds=[descriptor], stdout=subprocess.PIPE, text=True)
    try:
        yield Supervised(process, port)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):  # the second stops workers that do not stop
            process.send_signal(number)
        process.communicate()


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False


def test_workers_accept_on_the_inherited_socket_and_end_with_the_supervisor() -> None:
    with supervised(GOOD, workers=2) as it:
        assert it.ready()
        worker = it.ask()
        assert worker != it.process.pid
        it.process.send_signal(signal.SIGTERM)
        assert it.process.wait() == 0
        assert is_gone(worker)
        assert refuses(it.port)


def test_a_killed_worker_is_replaced() -> None:
    with supervised(GOOD) as it:
        assert it.ready()
        before = it.ask()
        os.kill(before, signal.SIGKILL)
        until(lambda: it.ask() != before)


def test_workers_notice_that_their_supervisor_is_gone() -> None:
    with supervised("line.tell(READY)\n    os.read(line.life, 1)", workers=2) as it:
        assert it.ready()
        it.process.kill()
        until(lambda: refuses(it.port))


def test_a_reload_reaches_every_worker_that_is_ready() -> None:
    with supervised(HEARING) as it:
        assert it.ready()
        it.process.send_signal(signal.SIGHUP)
        until(lambda: it.ask() == 1)


def test_a_worker_that_was_starting_reloads_once_it_is_ready(tmp_path: Path) -> None:
    begun, may = tmp_path / "begun", tmp_path / "may"
    waits = f"open({str(begun)!r}, 'w').close()\n    while not os.path.exists({str(may)!r}): time.sleep(0.01)"
    with supervised(HEARING.replace("line.tell", f"{waits}\n    line.tell")) as it:
        until(begun.exists)
        it.process.send_signal(signal.SIGHUP)
        assert it.says("adopted")
        may.touch()
        assert it.ready()
        until(lambda: it.ask() == 1)


def test_a_starting_worker_does_not_hear_what_a_terminal_tells_everybody() -> None:
    told = "os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGHUP)"
    with supervised(GOOD.replace("line.tell", f"{told}\n    line.tell")) as it:
        assert it.ready()


def test_a_worker_that_does_not_stop_is_killed_after_the_grace() -> None:
    with supervised(STUBBORN, grace=0.1) as it:
        assert it.ready()
        it.process.send_signal(signal.SIGTERM)
        assert it.process.wait() == 0


def test_a_second_stop_does_not_wait() -> None:
    with supervised(STUBBORN, grace=3600) as it:
        assert it.ready()
        it.process.send_signal(signal.SIGTERM)
        it.process.send_signal(signal.SIGINT)
        assert it.process.wait() == 0


@pytest.mark.parametrize("dies", ["return 3", "raise RuntimeError('as it may')", "os.kill(os.getpid(), 9)"])
def test_workers_that_cannot_start_end_the_supervisor_with_a_failure(tmp_path: Path, dies: str) -> None:
    count = tmp_path / "count"
    with supervised(f"open({str(count)!r}, 'a').write('x')\n    {dies}") as it:
        assert not it.ready()
        assert it.process.wait() == 1
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
