"""A gateway before one upstream that speaks every protocol, for clients that mean harm."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.hostile.surfaces import SURFACES, Surface
from tests.support.client import Answer, RawClient
from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import Running, running
from tests.support.scripted import Scene, Seen, Upstream

PROVIDER = """
  at-{name}:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    timeouts: {{connect: 1s, first_byte: 10s, idle: 10s, total: 20s}}
    speaks: {{{name}: {{path: "/{name}"}}}}
"""
KEYS = """
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{good}"}}
  over: {{group: all, hash: "sha256:{over}", expires: "2020-01-01"}}
"""
EXPIRED = "sk-that-was-good-once"


@cache
def compiled() -> tuple[Snapshot, int]:
    """The built-in files and a model for each protocol, all behind one port."""
    port = free_port()
    lines = ["providers:", *(PROVIDER.format(name=name, port=port) for name in SURFACES), "models:"]
    lines += [f"  to-{name}: {{targets: [{{provider: at-{name}, model: theirs}}]}}" for name in SURFACES]
    digests = {name: hashlib.sha256(key.encode()).hexdigest() for name, key in (("good", KEY), ("over", EXPIRED))}
    found = Diagnostics()
    with TemporaryDirectory() as folder:
        (Path(folder) / "routes.yaml").write_text("\n".join(lines) + KEYS.format(**digests))
        snapshot = compile_project(load_project(Path(folder), found), found)
    assert not found.failed, render_terminal(found)
    return snapshot, port


@dataclass(frozen=True)
class Scenery:
    """The running gateway, and the upstream with what it was asked."""

    gateway: Running
    upstream: Upstream

    @property
    def seen(self) -> list[Seen]:
        return self.upstream.seen

    async def ask(self, surface: Surface, model: str, body: bytes, **headers: str) -> Answer:
        """Ask for a model in one protocol."""
        return await self.gateway.ask("POST", surface.at(model), body, **headers)

    async def exchange(self, data: bytes, answers: int) -> tuple[list[Answer], bool]:
        """Send raw bytes on a connection of their own: so many answers, and whether it is closed then.

        A connection that stays open must be good for another request.
        """
        async with asyncio.timeout(10), RawClient(self.gateway.port) as client:
            await client.send(data)
            got = [await client.answer() for _ in range(answers)]
            if got and got[-1].headers["connection"] == "close":
                assert await client.closed(), "more was answered"
                return got, True
            if got:
                await client.request("GET", "/healthz", key=None)
                last = await client.answer()
                assert (last.status, last.json) == (200, {"status": "ok"}), "the connection is out of step"
            return got, False


async def polite(scene: Scene) -> None:
    """Answer as the protocol that was asked does."""
    name = scene.seen.line.split(" ")[1].strip("/").partition("?")[0]
    await scene.answer(json.dumps(SURFACES[name].answer).encode())


@asynccontextmanager
async def scenery(**settings: object) -> AsyncIterator[Scenery]:
    """Run all of it, with some settings changed."""
    snapshot, port = compiled()
    changed = replace(snapshot, settings=replace(snapshot.settings, **settings))
    async with Upstream(polite, port=port) as upstream, running(changed) as gateway:
        yield Scenery(gateway, upstream)
