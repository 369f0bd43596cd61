"""`torouter serve` as a set of processes: workers that die, signals while streams run, connections that went stale."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.e2e.conftest import ROUTES, SECRET, Play
from tests.support.client import RawClient, request
from tests.support.fake import KEY
from tests.support.gateway import Gateway, free_port, running_gateway
from tests.support.scripted import Scene, Upstream
from tests.support.talk import CHAT, MESSAGES

PATIENCE = 30  # seconds after which what is awaited does not come any more
WHOLE = request("POST", CHAT.path, CHAT.body("to-openai-chat"))
STREAM = request("POST", MESSAGES.path, MESSAGES.body("to-openai-chat", stream=True))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, int]]:
    """The gateway in two workers, with a short drain, and the port of the upstream that it calls.

    Its start takes seconds, so the tests share it; the one that stops it is the last.
    """
    port, folder = free_port(), tmp_path_factory.mktemp("served")
    routes = ROUTES.format(port=port, hash=hashlib.sha256(KEY.encode()).hexdigest())
    routes = routes.replace("idle: 10s", "idle: 5m").replace("total: 20s", "total: 5m")  # a slow machine takes its time
    (folder / "routes.yaml").write_text(routes + "settings: {workers: 2, drain: 3s}\n")
    with running_gateway(folder, E2E_SECRET=SECRET) as gateway:
        yield gateway, port


def workers(gateway: Gateway) -> set[int]:
    """The processes below the supervisor."""
    pid = gateway.process.pid
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


async def status(gateway: Gateway) -> int:
    async with RawClient(port_of(gateway)) as client:
        await client.send(WHOLE)
        return (await client.answer()).status


def port_of(gateway: Gateway) -> int:
    return int(gateway.url.rpartition(":")[2])


async def good(scene: Scene) -> None:
    await scene.answer(CHAT.whole)


async def replaced(gateway: Gateway, killed: int) -> None:
    """Kill a worker and wait until another has taken its place; requests are answered all the time."""
    born, told = workers(gateway), gateway.printed.count("is replaced")
    os.kill(killed, signal.SIGKILL)
    while killed in (alive := workers(gateway)) or len(alive) < 2 or gateway.printed.count("is replaced") == told:
        assert await status(gateway) == 200
        await asyncio.sleep(0.02)
    assert len(born & alive) == 1
    assert [await status(gateway) for _ in range(10)] == [200] * 10


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds workers in /proc")
async def test_a_worker_that_is_killed_is_replaced_while_requests_go_on(served: tuple[Gateway, int]) -> None:
    gateway, port = served
    async with asyncio.timeout(PATIENCE), Upstream(good, port=port):
        await replaced(gateway, min(workers(gateway)))
    assert SECRET not in gateway.printed
    assert KEY not in gateway.printed


@pytest.mark.skipif(not Path("/proc/self/limits").is_file(), reason="reads limits in /proc")
def test_a_worker_may_open_as_many_files_as_the_system_lets_it(served: tuple[Gateway, int]) -> None:
    for worker in workers(served[0]):
        [line] = [line for line in Path(f"/proc/{worker}/limits").read_text().splitlines() if "Max open files" in line]
        soft, hard = line.split()[3:5]
        assert soft == hard


async def listed(gateway: Gateway) -> set[str]:
    """The models that one of the workers knows now."""
    async with RawClient(port_of(gateway)) as client:
        await client.send(request("GET", "/v1/models"))
        answer = await client.answer()
    return {model["id"] for model in orjson.loads(answer.body)["data"]}


async def test_files_that_change_are_taken_up_while_a_stream_goes_on(served: tuple[Gateway, int]) -> None:
    gateway, port = served
    released = asyncio.Event()

    async def finishes(scene: Scene) -> None:
        await scene.stream(CHAT.opening + CHAT.saying, end=False)
        await released.wait()
        await scene.chunk(CHAT.closing)
        await scene.send(b"0\r\n\r\n")

    async with asyncio.timeout(2 * PATIENCE), Upstream(finishes, good, port=port), RawClient(port_of(gateway)) as client:
        await client.send(STREAM)
        assert (await client.head()).status == 200
        (gateway.folder / "more.yaml").write_text("models:\n  fresh: {targets: [{provider: sandbox, model: gpt-5}]}\n")
        while [("fresh" in await listed(gateway)) for _ in range(8)] != [True] * 8:
            assert await status(gateway) == 200
            await asyncio.sleep(0.1)
        (gateway.folder / "more.yaml").write_text("models:\n  fresh: {targets: 3}\n")
        while "more.yaml:2:" not in gateway.printed or "what runs stays as it was" not in gateway.printed:
            await asyncio.sleep(0.1)
        assert "fresh" in await listed(gateway)
        released.set()
        assert b"message_stop" in await rest(client)
        await replaced(gateway, max(workers(gateway)))  # by one that is made of the files as they were
        assert [("fresh" in await listed(gateway)) for _ in range(8)] == [True] * 8


async def is_open(gateway: Gateway) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port_of(gateway))
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def rest(client: RawClient) -> bytes:
    said = b""
    while chunk := await client.chunk():
        said += chunk
    return said


async def test_a_pooled_connection_that_went_stale_is_replaced_once(play: Play) -> None:
    async def goes(scene: Scene) -> None:
        scene.reset()

    async with asyncio.timeout(PATIENCE), play(good, goes, good, good, goes, goes, good) as scenery:
        body = CHAT.body("to-openai-chat")
        said = [(await scenery.gateway.ask("POST", CHAT.path, body)).status for _ in range(5)]
        assert said == [200, 200, 200, 502, 200]
        assert len(scenery.upstream.seen) == 7


@pytest.mark.parametrize(
    "head, status, path",
    [
        (b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\n", 400, "/v1/messages"),
        (b"POST /v1/messages?key=%b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" % KEY.encode(), 400, "/v1/messages"),
        (b"\x16\x03\x01 \x00\r\n\r\n", 400, "*"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"x" * 40_000 + b"\r\n\r\n", 431, "*"),
    ],
)
async def test_a_refusal_at_the_head_has_a_line_in_the_log(
    head: bytes, status: int, path: str, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "torouter.access"):
        async with asyncio.timeout(PATIENCE), play(good) as scenery, RawClient(scenery.gateway.port) as client:
            await client.send(head)
            answer = await client.answer()
    [line] = [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "torouter.access"]
    assert answer.status == status
    assert (line["id"], line["status"], line["path"]) == (answer.headers["x-request-id"], status, path)
    assert KEY not in caplog.text


async def test_a_stream_that_runs_at_a_stop_finishes_or_ends_in_an_error(served: tuple[Gateway, int]) -> None:
    gateway, port = served
    before = len(gateway.lines)
    released = asyncio.Event()

    async def finishes(scene: Scene) -> None:
        await scene.stream(CHAT.opening + CHAT.saying, end=False)
        await released.wait()
        await scene.chunk(CHAT.closing)
        await scene.send(b"0\r\n\r\n")

    async def never(scene: Scene) -> None:
        await scene.stream(CHAT.opening + CHAT.saying, end=False)
        await scene.hold()

    async with asyncio.timeout(PATIENCE), Upstream(finishes, never, port=port) as upstream:
        async with RawClient(port_of(gateway)) as one, RawClient(port_of(gateway)) as other:
            for client in (one, other):
                await client.send(STREAM)
                assert (await client.head()).status == 200
                assert b"Hel" in await client.chunk()
            gateway.process.send_signal(signal.SIGTERM)
            while await is_open(gateway):
                await asyncio.sleep(0.02)
            released.set()
            assert b"message_stop" in await rest(one)
            said = await rest(other)
            assert (b"event: error" in said, b"shutting_down" in said, b"message_stop" in said) == (True, True, False)
            await upstream.seen[1].gone.wait()
        assert await asyncio.to_thread(gateway.process.wait, PATIENCE) == 0
    lines = [orjson.loads(line) for line in gateway.lines[before:] if line.startswith("{")]
    outcomes = [line["outcome"] for line in lines if line["path"] == MESSAGES.path]
    assert sorted(outcomes) == ["ok", "unavailable"]
