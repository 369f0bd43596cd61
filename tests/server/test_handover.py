"""A process that has begun workers becomes the program that keeps them running, and loses nothing of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest
from torouter.server.handover import Handover, Worker
from torouter.server.nameless import nameless, write_whole
from torouter.server.supervisor import Begun

PROGRAM = """
import os, signal, sys, time
from torouter.server.handover import Handover, Worker
from torouter.server.nameless import nameless
from torouter.server.share import shared
from torouter.server.supervisor import READY, Supervisor, listen

def work(line):
    {work}

sock = listen("127.0.0.1", 0)
worker = Worker({place!r}, {place!r}, None, "default", shared(1))
begun = Supervisor(work, [sock], 1, 5).begin()
before = len(sys.modules), os.getpid()
print(*before, begun.workers[0][0], flush=True)
Handover(worker, begun, [sock.fileno()], nameless(), None, 5.0, "hello").become()
"""
GOOD = """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    line.tell(READY)
    os.read(line.life, 1)
"""


@contextmanager
def begun(folder: Path, work: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has become a supervisor, or is about to, and its worker."""
    program = PROGRAM.format(work=work.strip(), place=str(folder))
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        _, pid, worker = map(int, process.stdout.readline().split())
        assert pid == process.pid
        yield process, worker
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(number)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    continue
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_it_greets_once_its_workers_are_ready_and_stops_them_in_order(tmp_path: Path) -> None:
    with begun(tmp_path, GOOD) as (process, worker):
        assert line(process) == "hello\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


@pytest.mark.parametrize(("number", "heard"), [(signal.SIGHUP, "hello\n"), (signal.SIGTERM, "")])
def test_a_signal_that_comes_meanwhile_is_heard_later(tmp_path: Path, number: int, heard: str) -> None:
    with begun(tmp_path, GOOD) as (process, _):
        process.send_signal(number)  # either would end a process that has no handler for it
        assert line(process) in {heard, "hello\n"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_worker_that_died_meanwhile_is_replaced(tmp_path: Path) -> None:
    with begun(tmp_path, "os._exit(3)") as (process, _):
        assert process.wait(60) == 1  # the files that were handed over are none, so no other can begin
        assert process.stderr is not None
        assert process.stderr.read().count("it is replaced") == 3


def test_everything_is_handed_over() -> None:
    worker = Worker("folder", "/state", "hash", "group", 7)
    handover = Handover(worker, Begun((3, 4), [(99, 5, 1.5), (0, -1, 2.5)]), [6], 8, ["folder"], 12.5, "hello\nyou")
    write_whole(descriptor := nameless(), orjson.dumps(asdict(handover)))
    assert Handover.take(descriptor) == handover
