"""What a process and all that it started have cost: CPU and memory, as the kernel counts them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

PROC = Path("/proc")


def family(pid: int, proc: Path = PROC) -> Sequence[int]:
    """A process and all below it that run now."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents(proc).items():
        children.setdefault(parent, []).append(process)
    found = [pid]
    for process in found:
        found += children.get(process, [])
    return found


def clock(process: int) -> float:
    """CPU seconds of a process, in and out of the kernel, to the nanosecond; 0 when it is gone.

    `/proc` counts ticks of 10 ms, in which a hundred requests fit. The number of the clock is that of
    `clock_getcpuclockid(3)`, which Python does not have.
    """
    try:
        return time.clock_gettime(~process << 3 | 2)
    except OSError:
        return 0.0


def cpu(pid: int, proc: Path = PROC, clock: Callable[[int], float] = clock) -> float:
    """CPU seconds, in and out of the kernel, also of those that have ended and were waited for."""
    return sum(clock(process) + _waited_for(process, proc) for process in family(pid, proc))


def memory(pid: int, proc: Path = PROC) -> tuple[float, float]:
    """Megabytes of resident memory: pages that are shared counted in part (PSS), and each as a whole (RSS)."""
    sizes = [_sizes(process, proc) for process in family(pid, proc)]
    return sum(it.get("Pss", 0.0) for it in sizes), sum(it.get("Rss", 0.0) for it in sizes)


def _parents(proc: Path) -> Mapping[int, int]:
    return {process: int(fields[1]) for process, fields in _stats(proc)}


def _stats(proc: Path) -> Iterator[tuple[int, Sequence[str]]]:
    for entry in proc.iterdir():
        if entry.name.isdigit() and (fields := _stat(entry)):
            yield int(entry.name), fields


def _stat(entry: Path) -> Sequence[str]:
    """The fields behind the name, which may hold anything; none when the process is gone."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ()


def _waited_for(process: int, proc: Path) -> float:
    """CPU seconds of the children of a process that have ended, in ticks of the kernel."""
    fields = _stat(proc / str(process))
    return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _sizes(process: int, proc: Path) -> Mapping[str, float]:
    try:
        lines = (proc / str(process) / "smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    parts = [line.split() for line in lines]
    return {name.rstrip(":"): int(size) / 1024 for name, size, *_ in parts}
