"""A client that leaves, in whatever phase, takes its upstream request along, and nothing is left of either."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
import pytest

from tests.e2e.conftest import Play, Scenery
from tests.support.client import RawClient, request
from tests.support.scripted import Scene, Script
from tests.support.talk import CHAT, MESSAGES, Talk

PATIENCE = 30  # seconds after which what is awaited does not come any more
BUFFER = 16_384  # bytes that a system keeps for somebody who does not read; left to itself, it may keep megabytes


@dataclass(frozen=True)
class Phase:
    """What the client does before it leaves, and what the upstream does meanwhile."""

    name: str
    arrive: Callable[[RawClient, Scenery, Talk, Talk], Awaitable[None]]
    act: Callable[[Scene, Talk], Awaitable[None]]
    upstream: bool = True  # whether it is called at all


def whole(client: Talk, to: Talk, *, stream: bool = False, model: str = "to-") -> bytes:
    return request("POST", client.path, client.body(model + to.protocol, stream=stream))


async def half_head(wire: RawClient, scenery: Scenery, client: Talk, to: Talk) -> None:
    await wire.send(whole(client, to)[:60])


async def head(wire: RawClient, scenery: Scenery, client: Talk, to: Talk) -> None:
    await wire.send(whole(client, to).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")


async def half_body(wire: RawClient, scenery: Scenery, client: Talk, to: Talk) -> None:
    await wire.send(whole(client, to)[:-20])


async def waiting(wire: RawClient, scenery: Scenery, client: Talk, to: Talk) -> None:
    await wire.send(whole(client, to))
    await scenery.upstream.arrived.wait()


async def waiting_for_stream(wire: RawClient, scenery: Scenery, client: Talk, to: Talk) -> None:
    await wire.send(whole(client, to, stream=True))
    await scenery.upstream.arrived.wait()


async def streaming(wire: RawClient, scenery: Scenery, client: Talk, to: Talk) -> None:
    await wire.send(whole(client, to, stream=True))
    assert (await wire.head()).status == 200
    assert b"Hel" in await wire.chunk()


async def alive(wire: RawClient, scenery: Scenery, client: Talk, to: Talk) -> None:
    await streaming(wire, scenery, client, to)
    while b"content" in await wire.chunk():
        pass


async def asking(wire: RawClient, scenery: Scenery, client: Talk, to: Talk, model: str = "to-") -> None:
    """Ask, and read nothing of the answer."""
    wire.reader._limit = 1
    wire.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    await wire.send(whole(client, to, stream=True, model=model))
    await scenery.upstream.arrived.wait()


async def not_reading(wire: RawClient, scenery: Scenery, client: Talk, to: Talk) -> None:
    """Until the gateway itself cannot write any more."""
    await asking(wire, scenery, client, to)
    await scenery.upstream.seen[0].stalled.wait()


async def silent(scene: Scene, talk: Talk) -> None:
    await scene.hold()


async def half_an_answer(scene: Scene, talk: Talk) -> None:
    await scene.head(200, **{"content-length": str(len(talk.whole))})
    await scene.send(talk.whole[:40])
    await scene.hold()


async def begun(scene: Scene, talk: Talk) -> None:
    await scene.stream(talk.opening + talk.saying, end=False)
    await scene.hold()


async def endless(scene: Scene, talk: Talk) -> None:
    scene.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    await scene.stream(talk.opening, end=False)
    while not scene.seen.gone.is_set():
        await scene.chunk(talk.saying * 100)


PHASES = [
    Phase("in its head", half_head, silent, upstream=False),
    Phase("after its head", head, silent, upstream=False),
    Phase("in its body", half_body, silent, upstream=False),
    Phase("before the upstream's head", waiting, silent),
    Phase("before the upstream's head of a stream", waiting_for_stream, silent),
    Phase("in a whole answer", waiting, half_an_answer),
    Phase("in a stream", streaming, begun),
    Phase("in the silence of a stream", alive, begun),
    Phase("without reading on", not_reading, endless),
]


def scripts(act: Callable[[Scene, Talk], Awaitable[None]], to: Talk, *, first: bool) -> list[Script]:
    """The first request gets the act, if there is one; the next a whole answer."""

    async def good(scene: Scene) -> None:
        await scene.answer(to.whole)

    async def script(scene: Scene) -> None:
        await act(scene, to)

    return [script, good] if first else [good]


@pytest.fixture(params=["closed", "reset"])
def leave(request: pytest.FixtureRequest) -> Callable[[RawClient], None]:
    """Two ways to leave."""
    return lambda wire: wire.writer.close() if request.param == "closed" else wire.writer.transport.abort()


@pytest.mark.parametrize("client, to", [(CHAT, CHAT), (MESSAGES, CHAT)], ids=["passthrough", "translated"])
@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
async def test_a_client_leaves(
    phase: Phase,
    client: Talk,
    to: Talk,
    leave: Callable[[RawClient], None],
    play: Play,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = asyncio.all_tasks()
    with caplog.at_level(logging.INFO):
        async with (
            asyncio.timeout(PATIENCE),
            play(*scripts(phase.act, to, first=phase.upstream), idle_comment=0.05) as scenery,
        ):
            standing = asyncio.all_tasks()
            async with RawClient(scenery.gateway.port) as wire:
                await phase.arrive(wire, scenery, client, to)
                leave(wire)
                if phase.upstream:
                    await scenery.upstream.seen[0].gone.wait()
                await scenery.gateway.site.gateway.quiet.wait()
                while asyncio.all_tasks() - standing:
                    await asyncio.sleep(0.005)
            body = client.body(f"to-{to.protocol}")
            assert (await scenery.gateway.ask("POST", client.path, body)).status == 200
    assert asyncio.all_tasks() == before
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in told] == []
    lines = [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "torouter.access"]
    outcomes = [line["outcome"] for line in lines]
    assert outcomes == (["ok"] if phase.arrive is half_head else ["client_closed", "ok"])
    if phase.upstream:
        assert (lines[0]["model"], lines[0]["attempts"]) == (f"to-{to.protocol}", 1)


@pytest.mark.parametrize("client, to", [(CHAT, CHAT), (MESSAGES, CHAT)], ids=["passthrough", "translated"])
async def test_a_client_that_leaves_after_the_last_word_was_answered(
    client: Talk, to: Talk, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(to.stream, end=False)
        await scene.hold()

    with caplog.at_level(logging.INFO, "torouter.access"):
        async with asyncio.timeout(PATIENCE), play(script) as scenery, RawClient(scenery.gateway.port) as wire:
            await wire.send(whole(client, to, stream=True))
            await wire.head()
            while b"DONE" not in (said := await wire.chunk()) and b"message_stop" not in said:
                pass
            wire.writer.close()
            await scenery.upstream.seen[0].gone.wait()
            await scenery.gateway.site.gateway.quiet.wait()
    [line] = [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "torouter.access"]
    assert line["outcome"] == "ok"


@pytest.mark.parametrize("client, to", [(CHAT, CHAT), (MESSAGES, CHAT)], ids=["passthrough", "translated"])
async def test_a_client_that_stays_and_does_not_read_is_cut(
    client: Talk, to: Talk, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "torouter.access"):
        async with asyncio.timeout(PATIENCE), play(*scripts(endless, to, first=True)) as scenery:
            async with RawClient(scenery.gateway.port) as wire:
                await asking(wire, scenery, client, to, "strict-to-")
                # The upstream may have room for more when the gateway ends it: only that end is sure to come.
                await scenery.upstream.seen[0].gone.wait()
                await scenery.gateway.site.gateway.quiet.wait()
    [line] = [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "torouter.access"]
    assert line["outcome"] == "client_closed"
