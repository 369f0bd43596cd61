"""One measurement of one target: CPU of a request, its time on one connection, what many slow streams take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import uvloop

from . import load, tree
from .canned import WORD
from .targets import Running
from .work import STREAMS, Work

CONNECTIONS = 8
SPREAD = 4.0
"""Seconds in which streams begin one after the other, as clients do."""
CALM, WINDOW = 2, 8
"""Events that slow streams have had, on average, when the clock starts, and those that come until it stops."""


@dataclass(frozen=True, slots=True)
class Slow:
    """CPU seconds of an event of slow streams, and megabytes of memory (PSS, RSS) while they run."""

    event: float
    memory: tuple[float, float]


def cost(target: Running, work: Work, count: int) -> float:
    """CPU seconds that one request costs, of `count` on each of a few connections."""
    before = tree.cpu(target.pid)
    uvloop.run(load.run(target.port, target.request(work), work.wrong, connections=CONNECTIONS, count=count))
    return (tree.cpu(target.pid) - before) / (CONNECTIONS * count)


def pause(target: Running, work: Work, count: int) -> float:
    """Seconds that one request takes while there is no other: the median."""
    seen = uvloop.run(load.run(target.port, target.request(work), work.wrong, connections=1, count=count))
    return median(seen.seconds)


def slow(target: Running, work: Work) -> Slow:
    """What many streams at once cost between their beginnings and their ends."""
    return uvloop.run(_slow(target, work))


async def _slow(target: Running, work: Work) -> Slow:
    seen = load.Seen()
    request, streams = target.request(work), {"connections": STREAMS, "count": 1}
    running = asyncio.create_task(
        load.run(target.port, request, work.wrong, **streams, marker=WORD, seen=seen, spread=SPREAD)
    )
    await _until(lambda: seen.marks >= STREAMS * CALM and seen.begun >= STREAMS, running)
    events, before = seen.marks, tree.cpu(target.pid)
    await _until(lambda: seen.marks >= events + STREAMS * WINDOW or seen.done > 0, running)
    cpu, events = tree.cpu(target.pid) - before, seen.marks - events
    memory = tree.memory(target.pid)
    await running
    if events < STREAMS:
        raise load.WrongAnswer("the streams did not run beside each other")
    return Slow(cpu / events, memory)


async def _until(reached: Callable[[], bool], running: asyncio.Task[load.Seen]) -> None:
    """Wait for something that comes while the streams run, or for their end."""
    while not reached() and not running.done():  # noqa: ASYNC110 - an event for each byte would cost what is measured
        await asyncio.sleep(0.05)
