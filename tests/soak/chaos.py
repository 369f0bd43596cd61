"""`make chaos`: workers that are killed, clients that leave, providers that are all down, streams that nobody reads."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.soak.world import World, asks, descriptors, memory, must, run, say, share, verdict
from tests.support.client import RawClient


async def kills(here: World, size: argparse.Namespace) -> None:
    """Kill one worker after the other under load; only what it was answering may be lost."""
    over, failed, answered = asyncio.Event(), Counter[str](), Counter[str]()
    clients = asyncio.gather(*(_asking(here, over, failed, answered) for _ in range(size.clients)))
    await asyncio.sleep(1)
    pauses, chance = [], random.Random(1)
    for _ in range(size.kills):
        born = here.workers()
        killed = chance.choice(sorted(born))
        os.kill(killed, signal.SIGKILL)
        begun = time.perf_counter()
        while not (fresh := here.workers() - born) or not _serves(fresh.copy().pop(), here.port):
            await asyncio.sleep(0.02)
        pauses.append(time.perf_counter() - begun)
    over.set()
    await clients
    say(
        "kill -9 of one of two workers",
        kills=size.kills,
        answered=sum(answered.values()),
        lost=sum(failed.values()),
        at_once=size.clients,
    )
    say("  until the next one serves, ms", p50=share(pauses, 0.5), worst=share(pauses, 1))
    must(sum(failed.values()) <= size.kills * size.clients, "only what a killed worker was answering is lost")
    must(set(answered) <= {"200"}, "every other request is answered well")


async def _asking(here: World, over: asyncio.Event, failed: Counter[str], answered: Counter[str]) -> None:
    """A new connection for each request."""
    while not over.is_set():
        try:
            async with RawClient(here.port) as client:
                await client.send(asks("quick"))
                answered[str((await client.answer()).status)] += 1
        except (OSError, asyncio.IncompleteReadError) as fault:
            failed[type(fault).__name__] += 1


def _serves(pid: int, port: int) -> bool:
    """Whether a process has a connection of its own to this port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{fields[9]}]" for fields in lines if fields[1].endswith(f":{port:04X}") and fields[3] == "01"}
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                if str(Path(entry.path).readlink()) in inodes:
                    return True
    return False


PHASES = {
    "before the head": ("silent", False),
    "in a whole answer": ("half", False),
    "before a stream": ("silent", True),
    "in a stream": ("begun", True),
}


async def leaving(here: World, size: argparse.Namespace) -> None:
    """Clients leave in every phase; how long until the upstream's connection is gone."""
    chance = random.Random(1)
    for phase, (model, stream) in PHASES.items():
        times = []
        for number in range(size.leavers):
            arrived, gone = here.upstream.await_end(f"{phase} {number}")
            async with RawClient(here.port) as client:
                await client.send(asks(model, stream=stream, id=f"{phase} {number}"))
                await arrived.wait()
                if model == "begun":
                    await client.head()
                await asyncio.sleep(chance.random() / 50)
                left = time.perf_counter()
                client.writer.transport.abort()
            times.append(await gone - left)
        say(
            f"a client leaves {phase}, ms",
            times=len(times),
            p50=share(times, 0.5),
            p99=share(times, 0.99),
            worst=share(times, 1),
        )


async def failing(here: World, size: argparse.Namespace) -> None:
    """Every target fails; attempts must hardly outnumber requests."""
    done, begun = Counter[int](), time.perf_counter()

    async def ask(count: int) -> None:
        for _ in range(count):
            async with RawClient(here.port) as client:
                await client.send(asks("failing"))
                done[(await client.answer()).status] += 1

    await asyncio.gather(*(ask(size.failing // size.clients) for _ in range(size.clients)))
    requests, attempts = sum(done.values()), sum(here.upstream.asked.values())
    say(
        "all targets fail",
        requests=requests,
        attempts=attempts,
        ratio=f"{attempts / requests:.3f}",
        per_second=requests / (time.perf_counter() - begun),
    )
    must(attempts <= 1.2 * requests, "attempts hardly outnumber requests")


async def idle(here: World, size: argparse.Namespace) -> None:
    """Streams in which nothing happens, in one worker; what each takes, and how others fare meanwhile."""
    workers = here.workers()
    await _quick(here, 20)
    before, open_before, clients = memory(workers), descriptors(workers), list[RawClient]()
    begun = time.perf_counter()
    for start in range(0, size.idle, 100):
        opened = await asyncio.gather(*(_opened(here) for _ in range(min(100, size.idle - start))))
        clients += opened
    seconds = time.perf_counter() - begun
    times = await _quick(here, 200)
    held = memory(workers) - before
    say("idle streams in one worker", streams=len(clients), opened_in_s=seconds, KiB_each=held / max(1, len(clients)))
    say("  others meanwhile, ms", p50=share(times, 0.5), p99=share(times, 0.99))
    for client in clients:
        await client.__aexit__()
    await asyncio.sleep(2)
    open_after = descriptors(workers)
    say("  descriptors", before=open_before, after=open_after)
    must(len(clients) == size.idle, "every stream is open")
    must(open_after <= open_before + 10, "descriptors come back")


async def _opened(here: World) -> RawClient:
    client = await RawClient(here.port).__aenter__()
    await client.send(asks("begun", stream=True))
    await client.head()
    return client


async def _quick(here: World, count: int) -> list[float]:
    """How long good requests take."""
    times = []
    async with RawClient(here.port) as client:
        for _ in range(count):
            begun = time.perf_counter()
            await client.send(asks("quick"))
            await client.answer()
            times.append(time.perf_counter() - begun)
    return times


async def slow(here: World, size: argparse.Namespace) -> None:
    """Clients that ask for a stream without an end and read nothing of it."""
    workers = here.workers()
    await _quick(here, 20)
    before, readers = memory(workers), list[socket.socket]()
    loop = asyncio.get_running_loop()
    for _ in range(size.slow):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", here.port))
        await loop.sock_sendall(sock, asks("endless", stream=True))
        readers.append(sock)
    await asyncio.sleep(4)
    held = memory(workers) - before
    await asyncio.sleep(4)
    later = memory(workers) - before
    times = await _quick(here, 50)
    say(
        "clients that do not read",
        readers=len(readers),
        KiB_each=held / len(readers),
        KiB_each_later=later / len(readers),
    )
    say("  others meanwhile, ms", p50=share(times, 0.5), p99=share(times, 0.99))
    for sock in readers:
        sock.close()


PARTS = {"kills": (kills, 2), "leaving": (leaving, 1), "failing": (failing, 1), "idle": (idle, 1), "slow": (slow, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--leavers", type=int, default=100, help="How many leave in each phase.")
    parser.add_argument("--failing", type=int, default=2000)
    parser.add_argument("--idle", type=int, default=5000)
    parser.add_argument("--slow", type=int, default=50)
    parser.add_argument("--only", choices=PARTS)
    size = parser.parse_args()
    for name, (part, workers) in PARTS.items():
        if size.only in (None, name):
            run(lambda here, part=part: part(here, size), workers)  # type: ignore[misc]
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
