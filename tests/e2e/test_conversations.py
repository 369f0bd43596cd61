"""A conversation with thinking, parallel calls and three rounds, for every client on every upstream, through the real server."""

from __future__ import annotations

import hashlib
from itertools import product

import httpx2
import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.e2e.agents import AGENTS
from tests.e2e.script import STEPS, THANKS
from tests.e2e.strict import playing
from tests.e2e.upstreams import UPSTREAMS
from tests.laws.folders import FOLDERS
from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import running
from tests.support.scripted import Upstream

pytestmark = pytest.mark.sdk

PROVIDER = """
  {name}:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    speaks: {{{protocol}: {address}}}
"""
FACTS = """
  - match: theirs-{name}
    as_of: "2026-11-21"
    source: made up
    {facts}
"""
KEYS = """
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""

Gateway = tuple[Snapshot, dict[str, int]]

clients = [name for name in AGENTS if name in FOLDERS]
upstreams = [name for name, upstream in UPSTREAMS.items() if upstream.protocol in FOLDERS]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """The built-in files with one provider for each strict upstream, and the port where each must listen."""
    ports = {name: free_port() for name in upstreams}
    strict = {name: UPSTREAMS[name] for name in upstreams}
    lines = ["providers:", *(PROVIDER.format(name=n, port=ports[n], protocol=u.protocol, address=u.address) for n, u in strict.items())]
    lines += ["models:", *(f"  {name}: {{targets: [{{provider: {name}, model: theirs-{name}}}]}}" for name in strict)]
    lines += ["capabilities:", *(FACTS.format(name=name, facts=upstream.facts) for name, upstream in strict.items())]
    folder = tmp_path_factory.mktemp("conversations")
    (folder / "routes.yaml").write_text("\n".join([*lines, KEYS.format(hash=hashlib.sha256(KEY.encode()).hexdigest())]))
    found = Diagnostics()
    snapshot = compile_project(load_project(folder, found), found)
    assert render_terminal(found) == ""
    return snapshot, ports


async def converse(gateway: Gateway, client: str, name: str, *, stream: bool, standard: bool) -> list[bytes]:
    """Hold the conversation; gives the bodies that reached the upstream. Fails at the first answer that is not the script's."""
    snapshot, ports = gateway
    upstream = UPSTREAMS[name]
    async with Upstream(playing(upstream, replay=not standard), port=ports[name]) as listening:
        async with running(snapshot) as server, httpx2.AsyncClient(timeout=30) as http:
            agent = AGENTS[client](f"http://127.0.0.1:{server.port}", KEY, http, model=name, standard=standard)
            for step in STEPS:
                await agent.ask(stream=stream)
                assert agent.text == step.text
                assert agent.calls == [(call.name, call.arguments) for call in step.calls]
                if not step.calls:
                    agent.tell(THANKS)
                else:  # nothing promises an order of parallel results; only what is passed on untouched must be right already
                    agent.answer(step.calls if client == upstream.protocol else step.calls[::-1])
        return [seen.body for seen in listening.seen]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "sse"])
@pytest.mark.parametrize(("client", "name"), [*product(clients, upstreams)])
async def test_a_client_that_echoes_everything_gives_the_upstream_all_it_signed(
    gateway: Gateway, client: str, name: str, stream: bool
) -> None:
    *_, last = await converse(gateway, client, name, stream=stream, standard=False)
    for step in STEPS[:-1]:
        for value in UPSTREAMS[name].opaque(step):
            assert value.encode() in last


def can_forget(client: str, name: str) -> bool:
    """Whether an upstream bears that a client forgets: not if it insists, and reads that client's own bytes."""
    upstream = UPSTREAMS[name]
    return upstream.forgives and not (client == upstream.protocol and upstream.insists)


@pytest.mark.parametrize("stream", [False, True], ids=["json", "sse"])
@pytest.mark.parametrize(("client", "name"), [pair for pair in product(clients, upstreams) if can_forget(*pair)])
async def test_a_client_that_echoes_text_and_calls_only_is_served_too(gateway: Gateway, client: str, name: str, stream: bool) -> None:
    await converse(gateway, client, name, stream=stream, standard=True)
