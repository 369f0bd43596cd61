"""CPU and memory of a process tree, read from a folder that looks like /proc."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import tree

TICK = os.sysconf("SC_CLK_TCK")


OWN = {1: 10.0, 10: 1.0, 11: 2.0, 12: 0.5, 20: 7.0}
"""CPU seconds of each process itself."""


def process(proc: Path, pid: int, parent: int, *, ended: int = 0, pss: int = 0, rss: int = 0) -> None:
    """Write a process: ticks of children that have ended, memory in kB."""
    folder = proc / str(pid)
    folder.mkdir()
    before = ["S", str(parent), *["0"] * 11]
    (folder / "stat").write_text(f"{pid} (a (strange) name) {' '.join([*before, str(ended), '0'])} 20 0")
    (folder / "smaps_rollup").write_text(f"00-ff ---p 00 00:00 0 [rollup]\nRss: {rss} kB\nPss: {pss} kB\n")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    process(tmp_path, 1, 0)
    process(tmp_path, 10, 1, pss=2048, rss=4096)
    process(tmp_path, 11, 10, pss=1024, rss=4096)
    process(tmp_path, 12, 11, ended=TICK, pss=1024, rss=4096)
    process(tmp_path, 20, 1)
    return tmp_path


def test_a_family_is_a_process_and_all_below_it(proc: Path):
    assert sorted(tree.family(10, proc)) == [10, 11, 12]


def test_cpu_is_that_of_the_family_also_of_those_that_ended(proc: Path):
    assert tree.cpu(10, proc, OWN.__getitem__) == pytest.approx(1 + 2 + 0.5 + 1)


def test_memory_is_summed_shared_and_whole(proc: Path):
    assert tree.memory(10, proc) == (4.0, 12.0)


def test_what_is_gone_has_cost_nothing_more(proc: Path):
    (proc / "12" / "stat").unlink()
    assert tree.cpu(10, proc, OWN.__getitem__) == pytest.approx(3)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert tree.clock(ended.pid) == 0


def test_this_process_is_seen():
    pss, rss = tree.memory(os.getpid())
    assert 0 < pss <= rss
    assert tree.cpu(os.getpid()) > 0


def test_cpu_is_counted_finer_than_the_ticks_of_the_kernel():
    before = tree.cpu(os.getpid())
    assert 0 < tree.cpu(os.getpid()) - before < 1 / TICK
