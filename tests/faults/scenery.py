"""The real gateway before two upstreams: the first does what a row says, the second answers well."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.pipeline.exchange import Exchange, Incoming, Reply
from torouter.routing.state import Routing
from torouter.upstream.transports import MAKERS, STANDARD

from tests.faults.clients import Told, Voice
from tests.faults.play import Player, Step
from tests.faults.talks import TALKS
from tests.support.client import RawClient
from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import Running, running
from tests.support.scripted import Scene, Upstream
from tests.support.toxic import ToxicProxy

SECRET = "sk-marker-of-the-upstream"
PATIENCE = 30  # seconds after which what is awaited does not come any more
SMALL = {"max_response": 128 * 1024, "max_event": 32 * 1024}
SPEAKS = {
    "openai-chat": '{path: "/openai-chat"}',
    "anthropic-messages": '{path: "/anthropic-messages"}',
    "gemini-generate": "{path: \"/gemini-generate/{{ 'stream' if request.stream else 'whole' }}\", query: {alt: sse}}",
    "openai-responses": '{path: "/openai-responses"}',
}
PROVIDER = """
  {name}:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    auth: {{bearer: "env:FAULTS_SECRET"}}
    speaks: {{{protocol}: {speaks}}}
"""
REST = """
policies:
  default: {{extends: default, connect: 2s, first_byte: 20s, idle: 20s, total: 60s}}
  hasty: {{connect: 500ms, first_byte: 1500ms, idle: 500ms, total: 60s}}
  patient: {{backoff: 10m, backoff_max: 10m, total: 1h, outcomes: {{unavailable: retry}}}}
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""


def rival(protocol: str) -> str:
    """The protocol of the upstream that is asked next."""
    return "anthropic-messages" if protocol == "openai-chat" else "openai-chat"


def routes(first: int, second: int, clients: Sequence[str]) -> str:
    """One provider for each client and upstream, so that nobody's failures count for others."""
    lines = ["providers:"]
    for to in TALKS:
        lines.append(PROVIDER.format(name=f"well-{to}", port=second, protocol=to, speaks=SPEAKS[to]))
        lines += [
            PROVIDER.format(name=f"ill-{client}-{to}", port=first, protocol=to, speaks=SPEAKS[to]) for client in clients
        ]
    lines.append("models:")
    for to in TALKS:
        for client in clients:
            ill, well = f"{{provider: ill-{client}-{to}, model: ill}}", f"{{provider: well-{rival(to)}, model: well}}"
            for policy in ("default", "hasty", "patient"):
                lines.append(f"  {policy}-alone-{client}-{to}: {{policy: {policy}, targets: [{ill}]}}")
                lines.append(
                    f"  {policy}-pair-{client}-{to}: {{policy: {policy}, targets: [{ill}, {{priority: 2, {well[1:]}]}}"
                )
    return "\n".join(lines) + REST.format(hash=hashlib.sha256(KEY.encode()).hexdigest())


def short(voice: Voice) -> str:
    """A voice's name in routes."""
    return voice.name.replace(", ", "-")


@cache
def compiled(clients: tuple[str, ...]) -> tuple[Snapshot, int, int]:
    """The built-in files and those of the two upstreams, and their ports."""
    first, second = free_port(), free_port()
    found = Diagnostics()
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAULTS_SECRET", SECRET)
        (Path(folder) / "routes.yaml").write_text(routes(first, second, clients))
        snapshot = compile_project(load_project(Path(folder), found), found)
    assert not found.failed, render_terminal(found)
    return snapshot, first, second


@dataclass
class Stage:
    """A running gateway; `steps` are what the first upstream does from now on, and `exchanges` what became of requests."""

    gateway: Running
    first: Upstream
    second: Upstream
    steps: list[Sequence[Step] | None]
    exchanges: dict[str, Exchange] = field(default_factory=dict)

    def forget(self) -> None:
        """Forget what was learnt of targets."""
        self.gateway.site.gateway.routing = Routing()

    async def ask(self, voice: Voice, model: str) -> Told:
        """What one client gets for one request."""
        async with RawClient(self.gateway.port) as wire:
            await wire.request("POST", voice.path(model), voice.ask(model))
            return await told(wire, voice)


async def told(wire: RawClient, voice: Voice) -> Told:
    """Read an answer to its end, or as far as it comes."""
    head = await wire.head()
    body, whole = b"", True
    try:
        if "content-length" in head.headers:
            body = await wire.reader.readexactly(int(head.headers["content-length"]))
        else:
            while chunk := await wire.chunk():
                body += chunk
    except (asyncio.IncompleteReadError, ConnectionError):
        whole = False
    return voice.read(head.status, head.headers, body, whole=whole)


@asynccontextmanager
async def through(voices: Sequence[Voice]) -> AsyncIterator[tuple[Stage, ToxicProxy]]:
    """Run all of it, with a proxy before the first upstream, which answers well."""
    _, first, _ = compiled(tuple(map(short, voices)))
    behind = free_port()
    async with ToxicProxy(behind, listens=first) as proxy, staged(voices, port=behind) as stage:
        yield stage, proxy


@asynccontextmanager
async def staged(
    voices: Sequence[Voice], *, port: int = 0, transport: str = STANDARD, **settings: object
) -> AsyncIterator[Stage]:
    """Run all of it, with some settings changed; the first upstream may listen elsewhere than where it is sought.

    `transport` is what takes the place of the one by which the upstreams are called.
    """
    snapshot, first, second = compiled(tuple(map(short, voices)))
    changed = replace(snapshot, settings=replace(snapshot.settings, **{**SMALL, **settings}))
    steps: list[Sequence[Step] | None] = [None]

    async def ill(scene: Scene) -> None:
        await _play(scene, steps[0])

    async def well(scene: Scene) -> None:
        await _play(scene, None)

    async with (
        Upstream(ill, port=port or first) as one,
        Upstream(well, port=second) as two,
        running(changed, upstream=MAKERS[transport](2000)) as gateway,
    ):
        stage = Stage(gateway, one, two, steps)
        watch(stage)
        yield stage


async def _play(scene: Scene, steps: Sequence[Step] | None) -> None:
    talk = TALKS[scene.seen.line.split(" ")[1].split("/")[1].partition("?")[0]]
    stream = b'"stream":true' in scene.seen.body.replace(b" ", b"") or "/stream" in scene.seen.line
    good: Step = {"answer": {}} if not stream else {"answer": {"body": "<stream>"}}
    await Player(scene, talk, stream=stream).play([good] if steps is None else steps)


def watch(stage: Stage) -> None:
    """Note the state of every request."""
    gateway = stage.gateway.site.gateway
    make = gateway.exchange

    def noted(incoming: Incoming, reply: Reply, request_id: str) -> Exchange:
        assert request_id not in stage.exchanges
        stage.exchanges[request_id] = exchange = make(incoming, reply, request_id)
        return exchange

    gateway.exchange = noted  # type: ignore[method-assign]
