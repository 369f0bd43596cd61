"""Requests a second with one worker and with two, for work that keeps the gateway busier than those who measure it.

Load and provider share the cores with the gateway: on few cores two workers cannot reach twice as much.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import uvloop

from . import load, report
from .figures import Figure, ratio
from .run import FIRST
from .targets import Running, Target, free_port, process, provider, read, running, wait
from .work import BIG, CHAT, MESSAGES, Work

WORK = Work(BIG, MESSAGES, CHAT)
CONNECTIONS, COUNT, ROUNDS = 32, 12, 4
WORKERS = (1, 2)


def target_with(workers: int) -> Target:
    """Our own target with so many workers."""
    ours = next(it for it in read() if it.name == report.OURS)
    at = ours.command.index("--workers") + 1
    return replace(ours, name=f"{workers}", command=[*ours.command[:at], str(workers), *ours.command[at + 1 :]])


def rate(target: Running) -> float:
    """Requests a second while many connections ask without a pause."""
    began = time.perf_counter()
    uvloop.run(load.run(target.port, target.request(WORK), WORK.wrong, connections=CONNECTIONS, count=COUNT))
    return CONNECTIONS * COUNT / (time.perf_counter() - began)


def main() -> None:
    """Measure in interleaved rounds and print."""
    upstream = free_port()
    rates: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        pid = stack.enter_context(process(provider(upstream)))
        wait(upstream, FIRST[CHAT], load.post(FIRST[CHAT].path, {}, FIRST[CHAT].body("quick")), 30)
        targets = {
            workers: stack.enter_context(
                running(target_with(workers), upstream, pid, FIRST[CHAT], Path(folder, str(workers)))
            )
            for workers in WORKERS
        }
        for target in targets.values():
            rate(target)
        for _ in range(ROUNDS):
            for workers, target in targets.items():
                rates[workers].append(rate(target))
    one, two = (Figure(rates[workers]) for workers in WORKERS)
    print(f"{WORK.name}, requests a second on {os.cpu_count()} cores, which load and provider share:")
    print(f"1 worker {one}, 2 workers {two}: {ratio(two, one)}")


if __name__ == "__main__":
    main()
