"""`make soak`: reloads under load, and faults of all kinds for a while; what must stay as it was, and what must add up."""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.soak.world import World, asks, descriptors, drained, memory, must, run, say, share, verdict
from tests.support.client import RawClient
from tests.support.talk import CHAT


@dataclass
class Load:
    """Clients that keep their connections, as libraries do; a request that is not answered has failed."""

    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    async def client(self, here: World, enough: Callable[[], bool]) -> None:
        """Ask until it is enough, on one connection as long as it stays open."""
        client: RawClient | None = None
        body = asks("quick")
        while not enough():
            if client is None:
                client = await RawClient(here.port).__aenter__()
            begun = time.perf_counter()
            try:
                await client.send(body)
                answer = await client.answer()
                self.times.append(time.perf_counter() - begun)
                if answer.status != 200 or answer.body != CHAT.whole:
                    self.failed[str(answer.status)] += 1
                self.answered += 1
                keep = answer.headers.get("connection") != "close"
            except (OSError, asyncio.IncompleteReadError) as fault:
                self.failed[type(fault).__name__] += 1
                keep = False
            if not keep:
                await client.__aexit__()
                client = None


async def live(here: World, wrong: list[bytes]) -> None:
    """One stream that lasts through everything, byte for byte."""
    async with RawClient(here.port) as client:
        await client.send(asks("live", stream=True))
        await client.head()
        said = await drained(client)
    middle = said.removeprefix(CHAT.opening).removesuffix(CHAT.closing)
    if CHAT.opening + middle + CHAT.closing != said or middle.replace(CHAT.saying, b""):
        wrong.append(said[-200:])


async def reloads(here: World, size: argparse.Namespace) -> None:
    """Files are loaded anew again and again under load; nothing may fail, and no stream may break."""
    load, wrong = Load(), list[bytes]()
    streams = [asyncio.create_task(live(here, wrong)) for _ in range(size.streams)]
    await asyncio.sleep(1)
    begun, over = time.perf_counter(), asyncio.Event()
    clients = asyncio.gather(
        *(load.client(here, lambda: over.is_set() and load.answered >= size.requests) for _ in range(size.clients))
    )
    pids, held = here.workers(), list[int]()
    for _ in range(size.reloads):
        known = here.loaded()
        here.gateway.process.send_signal(signal.SIGHUP)
        while here.loaded() < known + len(pids):
            await asyncio.sleep(0.05)
        held.append(memory(pids))
    over.set()
    await clients
    seconds = time.perf_counter() - begun
    here.upstream.release.set()
    await asyncio.gather(*streams, return_exceptions=True)
    broken = len(wrong) + sum(stream.exception() is not None for stream in streams)
    say(
        "reloads under load",
        requests=load.answered,
        failed=sum(load.failed.values()),
        reloads=size.reloads,
        per_second=load.answered / seconds,
    )
    say("  latency, ms", p50=share(load.times, 0.5), p99=share(load.times, 0.99), worst=share(load.times, 1))
    say("  memory of both workers, KiB", after_one=held[0], halfway=held[len(held) // 2], after_all=held[-1])
    say("  streams that ran through all", streams=size.streams, broken=broken)
    if load.failed:
        say("  failures", **load.failed)
    must(not load.failed, "no request fails while files are loaded anew")
    must(not broken, "streams that run through all are whole")


@dataclass
class Truth:
    """What clients know of their requests: how many there were, by how each ended."""

    whole: int = 0
    left: int = 0
    failed: int = 0


async def someone(here: World, until: float, truth: Truth, chance: random.Random) -> None:
    """One client after the other, each with another fate."""
    while time.monotonic() < until:
        model = chance.choice(["quick", "quick", "healed", "failing", "broken", "begun", "silent", "half", "endless"])
        stream = model in ("broken", "begun", "endless") or (model == "quick" and chance.random() < 0.5)
        async with RawClient(here.port) as client:
            await client.send(asks(model, stream=stream))
            if model in ("begun", "silent", "half", "endless"):
                if stream:
                    await client.head()
                await asyncio.sleep(chance.random() / 10)
                truth.left += 1
                continue
            answer = await client.answer()
            good = answer.status == 200 and b'"error"' not in answer.body
            truth.whole += good
            truth.failed += not good


async def mixed(here: World, size: argparse.Namespace) -> None:
    """Faults of all kinds; memory and descriptors must come back, and the records must be what was."""
    workers, truth, chance = here.workers(), Truth(), random.Random(1)
    await someone(here, time.monotonic() + 2, truth, chance)
    before = memory(workers), descriptors(workers)
    until = time.monotonic() + size.seconds
    crowd = asyncio.gather(*(someone(here, until, truth, chance) for _ in range(size.clients)))
    samples = []
    while not crowd.done():
        await asyncio.sleep(min(5.0, size.seconds / 8))
        samples.append((memory(workers), descriptors(workers)))
    await crowd
    await asyncio.sleep(3)
    after, running = (memory(workers), descriptors(workers)), await here.running()
    total = truth.whole + truth.left + truth.failed
    say(
        "faults of all kinds",
        seconds=size.seconds,
        requests=total,
        good=truth.whole,
        left=truth.left,
        failed=truth.failed,
    )
    halfway = samples[len(samples) // 2]
    say("  memory, KiB", before=before[0], halfway=halfway[0], after=after[0])
    say("  descriptors", before=before[1], most=max(sample[1] for sample in samples), after=after[1])
    say("  requests and streams running", after=running)
    kept = {entry["outcome"]: entry["requests"] for entry in here.usage("outcome")}
    say("  records", kept=sum(kept.values()), asked=total, **dict(sorted(kept.items())))
    wrong = [line for line in here.gateway.lines if "Traceback" in line or " failed" in line]
    say("  faults of ours in the log", lines=len(wrong))
    told = kept.pop("ok", 0), kept.pop("client_closed", 0), sum(kept.values())
    must(told == (truth.whole, truth.left, truth.failed), "the records are what clients know of their requests")
    must(after[0] < 1.1 * halfway[0], "memory is flat in the second half")
    kept_open = size.clients * len(workers)  # connections to providers wait for the next request
    must(after[1] <= before[1] + kept_open, "descriptors come back, but for connections that are kept")
    must(running == 0, "nothing runs when nobody asks")
    must(not wrong, "no fault of ours in the log")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--reloads", type=int, default=100)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=600, help="How long the faults of all kinds go on.")
    parser.add_argument("--only", choices=["reloads", "mixed"])
    size = parser.parse_args()
    if size.only in (None, "reloads"):
        run(lambda here: reloads(here, size), workers=2)
    if size.only in (None, "mixed"):
        run(lambda here: mixed(here, size), workers=2)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
