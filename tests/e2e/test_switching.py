"""What one family signed goes back to it and to no other, wherever a conversation moves between models and targets."""

from __future__ import annotations

from itertools import pairwise, product

import httpx2
import pytest

from tests.e2e.agents import AGENTS
from tests.e2e.conversations import Gateway, clients, upstreams
from tests.e2e.script import STEPS, THANKS
from tests.e2e.strict import playing
from tests.e2e.upstreams import SIGNS, UPSTREAMS
from tests.support.fake import KEY
from tests.support.running import running
from tests.support.scripted import Upstream

pytestmark = pytest.mark.sdk

both = pytest.mark.parametrize("stream", [False, True], ids=["json", "sse"])


def movements() -> list[tuple[str, str, str]]:
    """Client, who signs, who is asked next and cannot read it, but bears that thoughts of its own are missing."""
    deaf = [name for name in upstreams if UPSTREAMS[name].forgives and name != "chat-details"]
    pairs = [(one, two) for one, two in product(SIGNS, deaf) if one in upstreams and SIGNS[one] != SIGNS.get(two)]
    return [(client, *pair) for client, pair in product(clients, pairs) if not untouched(client, *pair)]


def untouched(client: str, before: str, after: str) -> bool:
    """Whether nothing shows that a value is another's: the client speaks as who signed and as the next upstream."""
    return UPSTREAMS[after].protocol == UPSTREAMS[before].protocol == client


@pytest.mark.parametrize(("client", "before", "after"), movements())
async def test_another_family_is_not_sent_what_it_cannot_read(gateway: Gateway, client: str, before: str, after: str) -> None:
    snapshot, ports = gateway
    first, second = playing(UPSTREAMS[before], replay=True), playing(UPSTREAMS[after], replay=False)
    async with Upstream(first, port=ports[before]), Upstream(second, port=ports[after]) as other:
        async with running(snapshot) as server, httpx2.AsyncClient(timeout=30) as http:
            agent = AGENTS[client](f"http://127.0.0.1:{server.port}", KEY, http, model=before, standard=False)
            await agent.ask(stream=True)
            agent.answer(STEPS[0].calls)
            agent.model = after
            for step in STEPS[1:]:
                await agent.ask(stream=False)
                assert agent.text == step.text
                agent.answer(step.calls) if step.calls else agent.tell(THANKS)
        assert not any(value.encode() in seen.body for seen in other.seen for value in UPSTREAMS[before].opaque(STEPS[0]))


@both
@pytest.mark.parametrize(("client", "home"), [*product(clients, ["messages", "generate"])])
async def test_a_conversation_stays_on_the_target_that_signed_it(gateway: Gateway, client: str, home: str, stream: bool) -> None:
    snapshot, ports = gateway
    away = {"messages": "generate", "generate": "messages"}[home]
    script = playing(UPSTREAMS[home], replay=True)
    async with Upstream(script, port=ports[home]) as here, Upstream(script, port=ports[away]) as there:
        async with running(snapshot) as server, httpx2.AsyncClient(timeout=30) as http:
            agent = AGENTS[client](f"http://127.0.0.1:{server.port}", KEY, http, model=home, standard=False)
            await agent.ask(stream=stream)
            agent.model = f"{away}-then-{home}"
            for step, following in pairwise(STEPS):
                agent.answer(step.calls) if step.calls else agent.tell(THANKS)
                await agent.ask(stream=stream)
                assert agent.text == following.text
        assert (len(here.seen), len(there.seen)) == (len(STEPS), 0)


@pytest.mark.parametrize("client", [name for name in clients if name == "anthropic-messages"])
async def test_headers_of_the_clients_protocol_go_along_when_values_of_others_are_taken_out(gateway: Gateway, client: str) -> None:
    snapshot, ports = gateway
    first, second = playing(UPSTREAMS["generate"], replay=True), playing(UPSTREAMS["messages"], replay=False)
    async with Upstream(first, port=ports["generate"]), Upstream(second, port=ports["messages"]) as other:
        async with running(snapshot) as server, httpx2.AsyncClient(timeout=30, headers={"anthropic-beta": "made-up-1"}) as http:
            agent = AGENTS[client](f"http://127.0.0.1:{server.port}", KEY, http, model="generate", standard=False)
            await agent.ask(stream=False)
            agent.answer(STEPS[0].calls)
            agent.model = "messages"
            await agent.ask(stream=False)
        assert "made-up-1" in other.seen[0].headers["anthropic-beta"]
