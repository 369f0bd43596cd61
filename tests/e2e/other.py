"""The shipped routes with their real providers moved to a port of the loopback, where a script answers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.e2e import conftest
from tests.support.client import Answer, RawClient
from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import Running, running
from tests.support.scripted import Scene, Script, Seen, Upstream

SECRETS = ("OPENAI_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "DASHSCOPE_API_KEY")

ROUTES = """
providers:
  openai: {{extends: openai, base_url: "{url}/v1", allow_private: true}}
  gemini: {{extends: gemini, base_url: "{url}/v1beta", allow_private: true}}
  mistral: {{extends: mistral, base_url: "{url}/v1", allow_private: true}}
  alibaba: {{extends: alibaba, base_url: "{url}/v1", allow_private: true}}
  gone: {{extends: openai, base_url: "http://127.0.0.1:9", allow_private: true}}
models:
  alias-embed: {{targets: [{{provider: openai, model: text-embedding-3-small}}]}}
  alias-gemini: {{targets: [{{provider: gemini, model: gemini-embedding-001}}]}}
  alias-image: {{targets: [{{provider: openai, model: gpt-image-1}}]}}
  two-embed: {{targets: [{{provider: openai, model: text-embedding-3-small}}, {{provider: gemini, model: gemini-embedding-001}}]}}
  two-image: {{targets: [{{provider: gone, model: gpt-image-1}}, {{provider: gemini, model: gemini-2.5-flash-image}}]}}
  first-gone: {{targets: [{{provider: gone, model: gpt-image-1}}, {{provider: openai, model: gpt-image-1}}]}}
keys:
  tests: {{group: default, hash: "sha256:{hash}"}}
"""


class Scenery(conftest.Scenery):
    """A running gateway and the upstream behind it, asked for what is no conversation."""

    @property
    def seen(self) -> Seen:
        """The only request that reached the upstream."""
        [seen] = self.upstream.seen
        return seen

    async def ask(self, path: str, body: Any, **headers: str) -> Answer:
        """Send a JSON body."""
        async with RawClient(self.gateway.port) as client:
            await client.request("POST", path, orjson.dumps(body), **headers)
            return await client.answer()

    async def send_form(self, path: str, body: bytes, boundary: str, *, pieces: int = 1) -> Answer:
        """Send a form in a number of pieces."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        async with RawClient(self.gateway.port) as client:
            await client.send(head.encode())
            size = -(-len(body) // pieces) or 1
            for start in range(0, len(body), size):
                await client.send(body[start : start + size])
            return await client.answer()


def answering(body: Any, status: int = 200) -> Script:
    """A script that gives one JSON answer."""

    async def script(scene: Scene) -> None:
        await scene.answer(orjson.dumps(body), status)

    return script


@cache
def shipped() -> tuple[Snapshot, int]:
    """The shipped files with the providers behind one port of the loopback, compiled once; every secret is there."""
    port, found = free_port(), Diagnostics()
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        routes = ROUTES.format(url=f"http://127.0.0.1:{port}", hash=hashlib.sha256(KEY.encode()).hexdigest())
        Path(folder, "routes.yaml").write_text(routes)
        for name in SECRETS:
            patch.setenv(name, "sk-upstream")
        snapshot = compile_project(load_project(Path(folder), found), found)
    assert render_terminal(found) == ""
    return snapshot, port


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def by_hand(serve: Serve) -> AsyncIterator[Running]:
    """Run the gateway before an upstream whose connections a test serves itself."""
    snapshot, port = shipped()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", port)
    try:
        async with running(snapshot) as gateway:
            yield gateway
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def scenery(*scripts: Script, **settings: object) -> AsyncIterator[Scenery]:
    """Run the gateway before an upstream that plays these scripts."""
    snapshot, port = shipped()
    snapshot = replace(snapshot, settings=replace(snapshot.settings, **settings))
    async with Upstream(*scripts, port=port) as upstream, running(snapshot) as gateway:
        yield Scenery(gateway, upstream)
