"""What operators see of the real gateway in two workers: the same sums from each, every request once, and no secret."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import hashlib
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ROUTES
from tests.support.client import Answer, RawClient, request
from tests.support.gateway import COMMAND, Gateway, free_port, running_gateway
from tests.support.scripted import Scene, Upstream
from tests.support.talk import CHAT, MESSAGES, Talk

PATIENCE = 60  # seconds after which what is awaited does not come any more
CHAT_SECRET, MESSAGES_SECRET = "canary-of-chat-7f3a", "canary-of-messages-91bc"
TOKEN, KEY = "canary-of-metrics-c0de", "canary-of-client-55aa"
CANARY = re.compile(r"canary-of-[a-z]+-[0-9a-f]{4}")

PRICES = """
settings: {workers: 2, drain: 3s, metrics: "env:E2E_METRICS"}
prices:
  - {match: theirs, as_of: "2026-11-20", source: made up, input: 1000, output: 2000}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, int]]:
    """The gateway in two workers, and the port of the upstream that it calls; its start takes seconds."""
    port, folder = free_port(), tmp_path_factory.mktemp("observed")
    routes = ROUTES.format(port=port, hash=hashlib.sha256(KEY.encode()).hexdigest())
    routes = routes.replace('value: "env:E2E_SECRET"', 'value: "env:E2E_OTHER"')
    (folder / "routes.yaml").write_text(routes + PRICES)
    secrets = {"E2E_SECRET": CHAT_SECRET, "E2E_OTHER": MESSAGES_SECRET, "E2E_METRICS": TOKEN}
    with running_gateway(folder, **secrets) as gateway:
        yield gateway, port


async def ask(gateway: Gateway, data: bytes) -> Answer:
    async with RawClient(int(gateway.url.rpartition(":")[2])) as client:
        await client.send(data)
        return await client.answer()


async def metrics(gateway: Gateway) -> dict[str, float]:
    answer = await ask(gateway, request("GET", "/metrics", key=None, authorization=f"Bearer {TOKEN}"))
    assert answer.status == 200
    lines = (line.rpartition(" ") for line in answer.body.decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def total(gateway: Gateway) -> float:
    """All requests that were answered, as one of the workers tells it."""
    return sum(value for name, value in (await metrics(gateway)).items() if name.startswith("torouter_requests_total"))


def talk(path: str, body: bytes, key: str | None = KEY) -> bytes:
    return request("POST", path, body, key)


async def good(scene: Scene) -> None:
    await scene.answer(CHAT.whole)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds workers in /proc")
async def test_every_worker_tells_the_sum_and_a_killed_one_is_not_forgotten(served: tuple[Gateway, int]) -> None:
    gateway, port = served
    pid = gateway.process.pid
    async with asyncio.timeout(PATIENCE), Upstream(good, port=port):
        before = await total(gateway)
        for _ in range(20):
            assert (await ask(gateway, talk(CHAT.path, CHAT.body("to-openai-chat")))).status == 200
        while await total(gateway) < before + 20:  # a request is counted when it is over, just after its answer
            await asyncio.sleep(0.05)
        assert {await total(gateway) for _ in range(20)} == {before + 20}
        while (await metrics(gateway)).get('torouter_usage_records_total{fate="written"}', 0) < before + 20:
            await asyncio.sleep(0.05)  # what is not written yet dies with its worker
        killed, *_ = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(int(killed), signal.SIGKILL)
        while "is replaced" not in gateway.printed or (await metrics(gateway))["torouter_workers"] != 2:
            await asyncio.sleep(0.05)
        assert {await total(gateway) for _ in range(20)} == {before + 20}
        assert (await metrics(gateway))["torouter_requests_running"] == 0


async def test_only_who_has_the_token_may_read_the_metrics(served: tuple[Gateway, int]) -> None:
    gateway, _ = served
    for given in ("", f"Bearer {KEY}", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x"):
        answer = await ask(gateway, request("GET", "/metrics", key=None, authorization=given))
        assert (answer.status, b"torouter" in answer.body) == (401, False)


async def test_who_is_left_alone_is_told_by_the_public_name(served: tuple[Gateway, int]) -> None:
    gateway, port = served
    alone = 'torouter_left_alone{model="to-openai-chat",provider="chat",state='
    async with asyncio.timeout(PATIENCE), Upstream(fails, port=port):
        while not any(name.startswith(alone) and value for name, value in (await metrics(gateway)).items()):
            await ask(gateway, talk(CHAT.path, CHAT.body("to-openai-chat")))


async def test_every_request_is_recorded_once_with_what_it_used(served: tuple[Gateway, int]) -> None:
    gateway, port = served
    records = gateway.folder / ".torouter" / "store.sqlite"

    def kept() -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(records)) as connection, contextlib.suppress(sqlite3.OperationalError):
            return connection.execute("SELECT endpoint, model, provider, outcome, input, output, cost FROM usage").fetchall()
        return []  # nothing is in it yet

    usage = CHAT.answer["usage"]
    cost = usage["prompt_tokens"] * 1_000_000 + usage["completion_tokens"] * 2_000_000
    async with asyncio.timeout(PATIENCE), Upstream(good, port=port):
        await ask(gateway, talk(CHAT.path, CHAT.body("to-openai-chat")))  # with which the store is made, if need be
        while not records.exists():
            await asyncio.sleep(0.05)
        before = -1
        while before != (before := len(kept())) or not before:  # what was asked before may still be on its way
            await asyncio.sleep(0.5)
        answers = [await ask(gateway, talk(CHAT.path, CHAT.body("to-openai-chat"))) for _ in range(7)]
        assert [answer.status for answer in answers] == [200] * 7
        while len(kept()) < before + 7:
            await asyncio.sleep(0.05)
    one = ("openai.chat", "to-openai-chat", "chat", "ok", usage["prompt_tokens"], usage["completion_tokens"], cost)
    assert kept()[before:] == [one] * 7
    shown = subprocess.run(
        [str(COMMAND), "usage", str(gateway.folder), "--by", "key,model", "--format", "csv"],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert (shown.returncode, shown.stderr) == (0, "")
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(shown.stdout))}
    assert int(rows["to-openai-chat"]["requests"]) == len([it for it in kept() if it[1] == "to-openai-chat"])
    assert rows["to-openai-chat"]["key"] == "tests"


def told(scene: Scene) -> str:
    """All that the gateway sent, credential included, as an upstream repeats it in its errors."""
    return f"not good: {scene.seen.headers}"


def error(scene: Scene, **members: object) -> bytes:
    return json.dumps({"type": "error", "error": {"message": told(scene), "type": told(scene), "code": told(scene), **members}}).encode()


async def refuses(scene: Scene) -> None:
    await scene.answer(error(scene), 401, **{"x-ratelimit-note": scene.seen.headers.get("authorization", "none")})


async def fails(scene: Scene) -> None:
    await scene.answer(error(scene), 500)


async def says_it_is_good(scene: Scene) -> None:
    await scene.answer(error(scene), 200)


async def is_no_json(scene: Scene) -> None:
    await scene.answer(told(scene).encode(), 502, "text/html")


async def breaks_a_stream(scene: Scene) -> None:
    await scene.stream(CHAT.opening + CHAT.saying, end=False)
    await asyncio.sleep(0.2)  # so that the client has seen something
    await scene.chunk(b"data: " + error(scene) + b"\n\n")
    await scene.send(b"0\r\n\r\n")


async def cuts_a_stream(scene: Scene) -> None:
    await scene.stream(CHAT.opening + CHAT.saying, end=False)
    scene.reset()


FAULTS = (refuses, fails, says_it_is_good, is_no_json, breaks_a_stream, cuts_a_stream, good)


async def test_no_secret_comes_out_anywhere(served: tuple[Gateway, int]) -> None:
    gateway, port = served
    said: list[bytes] = []
    async with asyncio.timeout(2 * PATIENCE):
        for fault in FAULTS:
            async with Upstream(fault, port=port):
                for form, model in ((CHAT, "to-openai-chat"), (MESSAGES, "to-openai-chat"), (CHAT, "to-anthropic-messages")):
                    said += [await heard(gateway, form, model, stream=stream) for stream in (False, True)]
        for wrong in (talk(f"/v1/{KEY}", b"{}"), talk(CHAT.path, CHAT.body(KEY)), talk(f"{CHAT.path}?key={KEY}x", b"{"),
                      talk(CHAT.path, b"{}", TOKEN), talk(CHAT.path, CHAT.body("to-openai-chat"), CHAT_SECRET)):  # fmt: skip
            said.append((await ask(gateway, wrong)).body)
        page = await ask(gateway, request("GET", "/metrics", key=None, authorization=f"Bearer {TOKEN}"))
        said.append(page.body)
        await asyncio.sleep(0.5)
    kept = b"".join(file.read_bytes() for file in (gateway.folder / ".torouter").iterdir())
    assert len(gateway.printed.splitlines()) > len(FAULTS)
    texts = [("the log", gateway.printed), ("the store", kept.decode("latin-1"))]
    texts += [("an answer", answer.decode("latin-1").replace(KEY, "")) for answer in said]  # its own key a client may be told
    assert [(place, text) for place, text in texts if CANARY.search(text)] == []


async def test_who_stops_the_gateway_loses_no_record(served: tuple[Gateway, int]) -> None:
    gateway, port = served
    async with asyncio.timeout(2 * PATIENCE), Upstream(good, port=port):
        for _ in range(5):
            await ask(gateway, talk(CHAT.path, CHAT.body("to-openai-chat")))
    assert await asyncio.to_thread(gateway.stop) == 0
    lines = [json.loads(line) for line in gateway.printed.splitlines() if line.startswith("{")]
    with sqlite3.connect(gateway.folder / ".torouter" / "store.sqlite") as connection:
        kept = connection.execute("SELECT id, outcome, attempts FROM usage").fetchall()
    connection.close()
    asked = {(line["id"], line["outcome"], line["attempts"]) for line in lines if "key" in line}
    assert (len(kept), asked ^ set(kept)) == (len(asked), set())


async def heard(gateway: Gateway, form: Talk, model: str, *, stream: bool) -> bytes:
    """All bytes of an answer, also of one that is cut."""
    async with RawClient(int(gateway.url.rpartition(":")[2])) as client:
        await client.send(talk(form.path, form.body(model, stream=stream)))
        head = await client.head()
        body = b""
        try:
            if "content-length" in head.headers:
                body = await client.reader.readexactly(int(head.headers["content-length"]))
            else:
                while chunk := await client.chunk():
                    body += chunk
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        return repr(head.headers).encode() + body
