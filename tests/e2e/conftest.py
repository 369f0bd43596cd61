"""The shipped protocols in the real server, before an upstream that plays a script on a port of the loopback."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.e2e.conversations import Gateway, before_all
from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import Running, running
from tests.support.scripted import Script, Upstream

SECRET = "sk-upstream-secret"

ROUTES = """
providers:
  chat:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    auth: {{bearer: "env:E2E_SECRET"}}
    timeouts: {{connect: 1s, first_byte: 10s, idle: 10s, total: 20s}}
    speaks: {{openai-chat: {{path: /v1/chat/completions}}}}
  messages:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    auth: {{header: x-api-key, value: "env:E2E_SECRET"}}
    timeouts: {{connect: 1s, first_byte: 10s, idle: 10s, total: 20s}}
    speaks: {{anthropic-messages: {{path: /v1/messages, headers: {{anthropic-version: "2023-06-01"}}}}}}
  asked-chat: {{extends: chat, speaks: {{openai-chat: {{path: /v1/chat/completions, usage_on_request: true}}}}}}
  hasty-chat: {{extends: chat, timeouts: {{first_byte: 200ms, idle: 200ms, total: 20s}}}}
  hasty-messages: {{extends: messages, timeouts: {{first_byte: 200ms, idle: 200ms, total: 20s}}}}
  strict-chat: {{extends: chat, timeouts: {{slow_reader: 300ms}}}}
  strict-messages: {{extends: messages, timeouts: {{slow_reader: 300ms}}}}
  gemini-events:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    auth: {{header: x-goog-api-key, value: "env:E2E_SECRET"}}
    timeouts: {{connect: 1s, first_byte: 10s, idle: 10s, total: 20s}}
    speaks: {{gemini-generate: {{path: "/gemini", query: {{alt: sse}}}}}}
  gemini-arrays:
    extends: gemini-events
    speaks: {{gemini-generate: {{path: "/gemini", query: {{alt: null}}, framing: json-array}}}}
models:
  to-gemini-events:
    targets: [{{provider: gemini-events, model: theirs}}]
  to-gemini-arrays:
    targets: [{{provider: gemini-arrays, model: theirs}}]
  to-openai-chat:
    targets: [{{provider: chat, model: theirs}}]
  to-anthropic-messages:
    targets: [{{provider: messages, model: theirs}}]
  asked-to-openai-chat:
    targets: [{{provider: asked-chat, model: theirs}}]
  hasty-to-openai-chat:
    targets: [{{provider: hasty-chat, model: theirs}}]
  hasty-to-anthropic-messages:
    targets: [{{provider: hasty-messages, model: theirs}}]
  strict-to-openai-chat:
    targets: [{{provider: strict-chat, model: theirs}}]
  strict-to-anthropic-messages:
    targets: [{{provider: strict-messages, model: theirs}}]
  renamed:
    targets: [{{provider: chat, model: gpt-5}}]
  gpt-5:
    targets: [{{provider: chat}}]
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""


@dataclass(frozen=True)
class Scenery:
    """A running gateway and the upstream behind it."""

    gateway: Running
    upstream: Upstream

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.port}"


Play = Callable[..., AbstractAsyncContextManager[Scenery]]


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, held: object) -> tuple[Snapshot, int]:
    """The built-in files with two providers behind one port, compiled once."""
    port = free_port()
    folder = tmp_path_factory.mktemp("e2e")
    (folder / "routes.yaml").write_text(ROUTES.format(port=port, hash=hashlib.sha256(KEY.encode()).hexdigest()))
    found = Diagnostics()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("E2E_SECRET", SECRET)
        snapshot = compile_project(load_project(folder, found), found)
    assert render_terminal(found) == ""
    return snapshot, port


@pytest.fixture
def play(shipped: tuple[Snapshot, int]) -> Play:
    """Run the gateway, with some settings changed, before an upstream that plays these scripts, one for each request."""
    snapshot, port = shipped

    @asynccontextmanager
    async def start(*scripts: Script, **settings: object) -> AsyncIterator[Scenery]:
        changed = replace(snapshot, settings=replace(snapshot.settings, **settings))
        async with Upstream(*scripts, port=port) as upstream, running(changed) as gateway:
            yield Scenery(gateway, upstream)

    return start


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, held: object) -> Gateway:
    """The built-in files with every strict upstream, compiled once."""
    return before_all(tmp_path_factory.mktemp("conversations"))
