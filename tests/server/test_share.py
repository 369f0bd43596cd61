"""Regions of shared memory: no two workers have one, and that of a worker that died is taken over."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from torouter.observe.metrics import CROWDED, RECORDED, WORKERS
from torouter.server.share import claimed, shared

WORKER = """
import os, sys
from torouter.observe.metrics import CROWDED, WORKERS
from torouter.server.share import claimed
board = claimed(int(sys.argv[1]))
board.add(CROWDED, (), 1)
board.add(WORKERS, (), 1)
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = shared(2)
    yield descriptor
    os.close(descriptor)


def worker(memory: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(memory)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[memory], text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    return process


def test_workers_count_apart_and_read_together_also_after_one_was_killed(memory: int) -> None:
    one = worker(memory)
    two = worker(memory)
    one.kill()
    one.communicate()
    replacement = worker(memory)
    board = claimed(memory)
    assert board.sums()[CROWDED.id, ()] == [3.0]
    board.add(RECORDED, ("written",), 5)
    for process in (two, replacement):
        process.kill()
        process.communicate()
    assert board.sums()[RECORDED.id, ("written",)] == [5.0]


def test_what_a_killed_worker_held_is_gone_before_anybody_takes_its_place(memory: int) -> None:
    one, two, board = worker(memory), worker(memory), claimed(memory)
    board.add(WORKERS, (), 1)
    assert board.sums()[WORKERS.id, ()] == [3.0]
    one.kill()
    one.communicate()
    assert board.sums()[WORKERS.id, ()] == [2.0]
    assert board.sums()[CROWDED.id, ()] == [2.0]
    two.kill()
    two.communicate()
    assert board.sums()[WORKERS.id, ()] == [1.0]


def test_without_shared_memory_a_worker_counts_for_itself() -> None:
    one, two = claimed(None), claimed(None)
    one.add(CROWDED, (), 1)
    assert two.sums() == {}
