"""A client that names the answer it goes on from, and says nothing twice, on upstreams that keep nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from tests.e2e.agents import ResponsesAgent, hold
from tests.e2e.conversations import Gateway, upstreams
from tests.e2e.script import QUESTION, SCHEMA, STEPS, THANKS, TOOLS
from tests.e2e.strict import playing
from tests.e2e.upstreams import UPSTREAMS
from tests.support.fake import KEY
from tests.support.gateway import Gateway as GatewayProcess, running_gateway
from tests.support.running import running
from tests.support.scripted import Upstream

pytestmark = pytest.mark.sdk

FORGETFUL = [name for name in upstreams if UPSTREAMS[name].protocol != "openai-responses"]


class Rememberer(ResponsesAgent):
    """The OpenAI library; the next request holds only what is new."""

    previous: str | None = None

    async def ask(self, *, stream: bool) -> None:
        tools: Any = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in TOOLS]
        asked: Any = {"model": self.model, "input": self._items, "tools": tools, "reasoning": {"effort": "low"}}
        if self.previous is not None:
            asked["previous_response_id"] = self.previous
        if stream:
            async with self._client.responses.stream(**asked) as events:
                self._last = await events.get_final_response()
        else:
            self._last = await self._client.responses.create(**asked)
        assert self._last.previous_response_id == self.previous
        assert self._last.store is True
        self.previous, self._items = self._last.id, []


@pytest.mark.parametrize("stream", [False, True], ids=["json", "sse"])
@pytest.mark.parametrize("name", FORGETFUL)
async def test_a_conversation_goes_on_with_all_that_the_upstream_signed(
    gateway: Gateway, name: str, stream: bool
) -> None:
    snapshot, ports = gateway
    async with Upstream(playing(UPSTREAMS[name], replay=True), port=ports[name]) as listening:
        async with running(snapshot) as server, httpx2.AsyncClient(timeout=30) as http:
            agent = Rememberer(f"http://127.0.0.1:{server.port}", KEY, http, model=name, standard=False)
            await hold(agent, [name], stream=stream)
    for step in STEPS[:-1]:
        for value in UPSTREAMS[name].opaque(step):
            assert value.encode() in listening.seen[-1].body


async def test_a_conversation_goes_over_to_another_protocols_upstream(gateway: Gateway) -> None:
    snapshot, ports = gateway
    first, second = UPSTREAMS["messages"], UPSTREAMS["generate"]
    async with (
        Upstream(playing(first, replay=False), port=ports["messages"]),
        Upstream(playing(second, replay=False), port=ports["generate"]),
        running(snapshot) as server,
        httpx2.AsyncClient(timeout=30) as http,
    ):
        agent = Rememberer(f"http://127.0.0.1:{server.port}", KEY, http, model="messages", standard=False)
        await hold(agent, ["messages", "generate"], stream=True)


async def test_answers_are_shown_listed_and_deleted(gateway: Gateway) -> None:
    snapshot, ports = gateway
    async with Upstream(playing(UPSTREAMS["chat"], replay=False), port=ports["chat"]), running(snapshot) as server:
        for mount in ("/v1", "/api/v1"):
            async with library(f"http://127.0.0.1:{server.port}{mount}", KEY) as client:
                made = await client.responses.create(model="chat", input=QUESTION, tools=_tools())
                assert (await client.responses.retrieve(made.id)).to_dict() == made.to_dict()
                page = await client.responses.input_items.list(made.id)
                [item] = page.data
                assert item.to_dict()["content"] == [{"type": "input_text", "text": QUESTION}]
                assert (item.to_dict()["type"], item.to_dict()["role"]) == ("message", "user")
                with pytest.raises(openai.BadRequestError, match="background"):
                    await client.responses.cancel(made.id)
                await client.responses.delete(made.id)
                with pytest.raises(openai.NotFoundError) as gone:
                    await client.responses.retrieve(made.id)
                assert gone.value.body["type"] == "invalid_request_error"  # type: ignore[index]


async def test_what_was_said_before_counts(gateway: Gateway) -> None:
    snapshot, ports = gateway
    async with Upstream(playing(UPSTREAMS["chat"], replay=False), port=ports["chat"]), running(snapshot) as server:
        async with library(f"http://127.0.0.1:{server.port}/v1", KEY) as client:
            made = await client.responses.create(model="chat", input=QUESTION, tools=_tools())
            alone = await client.responses.input_tokens.count(model="chat", input=THANKS)
            behind = await client.responses.input_tokens.count(model="chat", input=THANKS, previous_response_id=made.id)
            assert behind.input_tokens > alone.input_tokens + 10
            with pytest.raises(openai.BadRequestError):
                await client.responses.input_tokens.count(model="chat", input=THANKS, previous_response_id="resp_0")


async def test_an_unknown_answer_is_told_as_the_api_tells_it(gateway: Gateway) -> None:
    async with running(gateway[0]) as server:
        async with library(f"http://127.0.0.1:{server.port}/v1", KEY) as client:
            with pytest.raises(openai.BadRequestError) as refused:
                await client.responses.create(model="chat", input="hi", previous_response_id="resp_0")
            assert (refused.value.code, refused.value.param) == ("previous_response_not_found", "previous_response_id")


def _tools() -> Any:
    return [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in TOOLS]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The gateway in processes of its own: a supervisor and two workers."""
    with running_gateway(tmp_path_factory.mktemp("state")) as gateway:
        yield gateway


def library(url: str, key: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key=key, base_url=url, max_retries=0)


async def test_pages_of_what_was_asked_follow_one_another(process: GatewayProcess) -> None:
    async with library(process.url + "/v1", process.key) as client:
        given: Any = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
        made = await client.responses.create(model="sandbox/story", input=given)
        for order, wanted in (("asc", ["developer", "user"]), ("desc", ["user", "developer"])):
            page = client.responses.input_items.list(made.id, limit=1, order=order)  # type: ignore[arg-type]
            assert [item.to_dict()["role"] async for item in page] == wanted


async def test_any_worker_knows_what_another_has_just_answered(process: GatewayProcess) -> None:
    previous: Any = openai.omit
    for number in range(12):  # each over a connection of its own, which whichever worker takes
        async with library(process.url + "/v1", process.key) as client:
            asked: Any = {"model": "sandbox/story", "input": "go on", "previous_response_id": previous}
            if number % 2:
                async with client.responses.stream(**asked) as events:
                    previous = (await events.get_final_response()).id
            else:
                previous = (await client.responses.create(**asked)).id
            assert (await client.responses.retrieve(previous)).id == previous
