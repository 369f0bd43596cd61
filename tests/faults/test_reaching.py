"""A service that cannot be reached is an error of every client's protocol, that does not say where it was sought."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.upstream.transports import MAKERS, STANDARD

from tests.faults.certificates import authority
from tests.faults.clients import VOICES
from tests.faults.scenery import PATIENCE, Stage, watch
from tests.faults.table import document
from tests.faults.talks import TALKS
from tests.faults.test_answers import word_of
from tests.support.client import RawClient
from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

ROUTES = """
providers:
  lost:
    base_url: "{at}"
    allow_private: {private}
    timeouts: {{connect: 1s, first_byte: 20s, idle: 20s}}
    speaks: {{openai-chat: {{path: /openai-chat}}}}
  found:
    base_url: http://127.0.0.1:{other}
    allow_private: true
    speaks: {{openai-chat: {{path: /openai-chat}}}}
models:
  alone: {{targets: [{{provider: lost, model: a}}]}}
  pair: {{targets: [{{provider: lost, model: a}}, {{priority: 2, provider: found, model: b}}]}}
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""
REACHING = [pytest.param(name, row, id=name) for name, row in document("reaching").items()]


async def answers(scene: Scene) -> None:
    talk = TALKS["openai-chat"]
    if b'"stream":true' in scene.seen.body.replace(b" ", b""):
        await scene.stream(talk.stream)
    else:
        await scene.answer(talk.whole)


@contextmanager
def crowded() -> Iterator[int]:
    """A port whose queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(8)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for sock in waiting:
                sock.close()


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that lead where a test says; nobody else is asked for any."""
    flapping = iter(["127.0.0.1", "127.0.0.2"] * 99)
    real = socket.getaddrinfo

    def found(host: str, port: int, *options: Any, **more: Any) -> Any:
        if host == "nowhere.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if host == "slow.test":
            time.sleep(5)  # longer than all rounds of a test wait together
        addresses = {"both.test": ["127.0.0.9", "127.0.0.1"], "flapping.test": [next(flapping), "127.0.0.1"]}
        known = addresses.get(host, [host] if not host.endswith(".test") else ["127.0.0.1"])
        return [entry for address in known for entry in real(address, port, *options, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@asynccontextmanager
async def staged(row: dict[str, Any], folder: Path, transport: str = STANDARD) -> AsyncIterator[Stage]:
    """A gateway before a service that is where the row says, and one that is well."""
    other = free_port()
    serves = row.get("serves", {})
    trusted, stranger = authority(folder / "trusted"), authority(folder / "stranger")
    signer = trusted if serves.get("trusted", True) else stranger
    context = signer.serves(serves.get("name", "127.0.0.1"), expired=serves.get("expired", False))
    async with Upstream(answers) as good, Upstream(answers, port=other) as second, Upstream(Scene.hold) as mute:
        sealed = await asyncio.start_server(good._serve, "127.0.0.1", 0, ssl=context)
        with crowded() as full, pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", str(trusted.path))
            ports = {
                "open": good.port,
                "sealed": sealed.sockets[0].getsockname()[1],
                "shut": free_port(),
                "full": full,
                "mute": mute.port,
            }
            text = ROUTES.format(
                at=row["at"].format(**ports), private=str(row.get("private", True)).lower(), other=other,
                hash=hashlib.sha256(KEY.encode()).hexdigest(),
            )  # fmt: skip
            (folder / "routes.yaml").write_text(text)
            diagnostics = Diagnostics()
            snapshot = compile_project(load_project(folder, diagnostics), diagnostics)
            assert not diagnostics.failed, render_terminal(diagnostics)
            async with running(snapshot, upstream=MAKERS[transport](2000)) as gateway:
                stage = Stage(gateway, good, second, [None])
                watch(stage)
                yield stage
        sealed.close()


@pytest.mark.parametrize("transport", MAKERS)
@pytest.mark.parametrize("name, row", REACHING)
async def test_who_cannot_be_reached_is_told_in_the_clients_protocol(
    name: str, row: dict[str, Any], transport: str, tmp_path: Path
) -> None:
    async with asyncio.timeout(PATIENCE), staged(row, tmp_path, transport) as stage:
        alone = dict(zip(VOICES, await asyncio.gather(*(stage.ask(voice, "alone") for voice in VOICES)), strict=True))
        stage.forget()
        pairs = await asyncio.gather(*(stage.ask(voice, "pair") for voice in VOICES))
        reached = len(stage.first.seen)
    outcomes = {attempt.outcome for exchange in stage.exchanges.values() for attempt in exchange.tries[:1]}
    assert outcomes <= {row["outcome"], "ok"}
    assert row["outcome"] in outcomes
    assert [(said.good, said.text) for said in pairs] == [(True, "Hello")] * len(VOICES)
    if row["outcome"] == "ok":
        assert [(said.good, said.text) for said in alone.values()] == [(True, "Hello")] * len(VOICES)
        return
    assert reached == 0
    for voice, said in alone.items():
        status, word = document("errors")[row["error"]][voice.errors]
        assert (voice.name, said.status, [word_of(error) for error in said.errors]) == (voice.name, status, [word])
        for hidden in (b"127.0.0.", b".test", b"lost", b"ssl", b"errno", b"Errno"):
            assert hidden not in said.body


async def test_who_waits_for_a_name_keeps_nobody_waiting(tmp_path: Path) -> None:
    row = document("reaching")["a name that takes too long"]
    async with asyncio.timeout(PATIENCE), staged(row, tmp_path) as stage:
        waiting = asyncio.create_task(stage.ask(VOICES[0], "alone"))
        while not stage.exchanges:
            await asyncio.sleep(0)
        async with RawClient(stage.gateway.port) as client:
            for _ in range(3):
                await client.request("GET", "/healthz", key=None)
                assert (await client.answer()).status == 200
        assert not waiting.done()
        assert (await waiting).status == 504
