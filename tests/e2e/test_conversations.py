"""A conversation with thinking, parallel calls and three rounds, for every client on every upstream, through the real server."""

from __future__ import annotations

from itertools import product

import httpx2
import pytest

from tests.e2e.agents import AGENTS, hold
from tests.e2e.conversations import Gateway, clients, upstreams
from tests.e2e.script import STEPS
from tests.e2e.strict import playing
from tests.e2e.upstreams import UPSTREAMS
from tests.support.fake import KEY
from tests.support.running import running
from tests.support.scripted import Upstream

pytestmark = pytest.mark.sdk


async def converse(gateway: Gateway, client: str, name: str, *, stream: bool, standard: bool) -> list[bytes]:
    """Hold the conversation; gives the bodies that reached the upstream. Fails at the first answer that is not the script's."""
    snapshot, ports = gateway
    upstream = UPSTREAMS[name]
    async with Upstream(playing(upstream, replay=not standard), port=ports[name]) as listening:
        async with running(snapshot) as server, httpx2.AsyncClient(timeout=30) as http:
            agent = AGENTS[client](f"http://127.0.0.1:{server.port}", KEY, http, model=name, standard=standard)
            await hold(agent, [name], stream=stream, in_order=client == upstream.protocol)
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
