"""A client that names a conversation and says nothing twice, on upstreams that keep nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from tests.e2e.agents import ResponsesAgent, hold
from tests.e2e.conversations import Gateway, upstreams
from tests.e2e.script import QUESTION, SCHEMA, STEPS, TOOLS
from tests.e2e.strict import playing
from tests.e2e.test_state import library
from tests.e2e.upstreams import UPSTREAMS
from tests.support.fake import KEY
from tests.support.gateway import Gateway as GatewayProcess, running_gateway
from tests.support.running import running
from tests.support.scripted import Upstream

pytestmark = pytest.mark.sdk

OFFERED: Any = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in TOOLS]


class Belonger(ResponsesAgent):
    """The OpenAI library; every request holds only what is new, and the name of the conversation."""

    conversation: str | None = None

    async def ask(self, *, stream: bool) -> None:
        if self.conversation is None:
            self.conversation = (await self._client.conversations.create(metadata={"for": "the test"})).id
        asked: Any = {"model": self.model, "input": self._items, "tools": OFFERED, "conversation": self.conversation}
        asked |= {"reasoning": {"effort": "low"}, "store": False}
        if stream:
            async with self._client.responses.stream(**asked) as events:
                self._last = await events.get_final_response()
        else:
            self._last = await self._client.responses.create(**asked)
        assert self._last.conversation is not None
        assert self._last.conversation.id == self.conversation
        self._items = []

    async def listed(self) -> list[Any]:
        assert self.conversation is not None
        items = self._client.conversations.items.list(self.conversation, order="asc", limit=3)
        return [item async for item in items]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "sse"])
@pytest.mark.parametrize("name", upstreams)
async def test_a_conversation_goes_on_with_all_that_the_upstream_signed(
    gateway: Gateway, name: str, stream: bool
) -> None:
    snapshot, ports = gateway
    async with Upstream(playing(UPSTREAMS[name], replay=True), port=ports[name]) as listening:
        async with running(snapshot) as server, httpx2.AsyncClient(timeout=30) as http:
            agent = Belonger(f"http://127.0.0.1:{server.port}", KEY, http, model=name, standard=False)
            await hold(agent, [name], stream=stream)
            items = await agent.listed()
    for step in STEPS[:-1]:
        for value in UPSTREAMS[name].opaque(step):
            assert value.encode() in listening.seen[-1].body
    calls = [call for step in STEPS for call in step.calls]
    assert [item.name for item in items if item.type == "function_call"] == [call.name for call in calls]
    assert len([item for item in items if item.type == "function_call_output"]) == len(calls)
    assert len({item.id for item in items}) == len(items)


async def test_a_conversation_goes_over_to_another_protocols_upstream(gateway: Gateway) -> None:
    snapshot, ports = gateway
    first, second = UPSTREAMS["messages"], UPSTREAMS["generate"]
    async with (
        Upstream(playing(first, replay=False), port=ports["messages"]),
        Upstream(playing(second, replay=False), port=ports["generate"]),
        running(snapshot) as server,
        httpx2.AsyncClient(timeout=30) as http,
    ):
        agent = Belonger(f"http://127.0.0.1:{server.port}", KEY, http, model="messages", standard=False)
        await hold(agent, ["messages", "generate"], stream=True)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The gateway in processes of its own: a supervisor and two workers."""
    with running_gateway(tmp_path_factory.mktemp("conversations")) as gateway:
        yield gateway


@pytest.mark.parametrize("mount", ["/v1", "/api/v1"])
async def test_conversations_are_made_shown_changed_and_deleted(process: GatewayProcess, mount: str) -> None:
    async with library(process.url + mount, process.key) as client:
        made = await client.conversations.create(metadata={"topic": "weather"})
        assert (made.id.startswith("conv_"), made.object, made.metadata) == (True, "conversation", {"topic": "weather"})
        assert made.created_at > 0
        assert await client.conversations.retrieve(made.id) == made
        changed = await client.conversations.update(made.id, metadata={"topic": "tides"})
        assert changed == made.model_copy(update={"metadata": {"topic": "tides"}})
        assert await client.conversations.retrieve(made.id) == changed
        gone = await client.conversations.delete(made.id)
        assert (gone.id, gone.deleted, gone.object) == (made.id, True, "conversation.deleted")
        with pytest.raises(openai.NotFoundError) as refused:
            await client.conversations.retrieve(made.id)
        assert (refused.value.code, refused.value.type) == ("unknown_conversation", "invalid_request_error")


async def test_items_are_added_listed_shown_and_deleted(process: GatewayProcess) -> None:
    async with library(process.url + "/v1", process.key) as client:
        given: Any = [
            {"role": "developer", "content": "Be brief."},
            {"type": "message", "role": "user", "content": QUESTION},
        ]
        made = await client.conversations.create(items=given)
        more: Any = [
            {"type": "message", "role": "assistant", "content": "9 °C"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "x"},
        ]
        added = await client.conversations.items.create(made.id, items=more)
        assert (added.object, added.has_more, len(added.data)) == ("list", False, 3)
        assert (added.first_id, added.last_id) == (added.data[0].id, added.data[2].id)
        for order in ("asc", "desc"):
            items = [item async for item in client.conversations.items.list(made.id, limit=2, order=order)]  # type: ignore[arg-type]
            types = [item.type for item in items]
            wanted = ["message", "message", "message", "function_call", "function_call_output"]
            assert types == (wanted if order == "asc" else wanted[::-1])
        newest = await client.conversations.items.list(made.id, limit=1)
        assert newest.data[0].type == "function_call_output", "the last one comes first, if nothing is said"
        shown = await client.conversations.items.retrieve(added.data[0].id or "", conversation_id=made.id)
        assert shown == added.data[0]
        assert shown.to_dict()["content"] == [
            {"type": "output_text", "text": "9 °C", "annotations": [], "logprobs": []}
        ]
        left = await client.conversations.items.delete(added.data[0].id or "", conversation_id=made.id)
        assert left == made
        with pytest.raises(openai.NotFoundError):
            await client.conversations.items.retrieve(added.data[0].id or "", conversation_id=made.id)
        with pytest.raises(openai.BadRequestError, match="20"):
            await client.conversations.items.create(made.id, items=[more[0]] * 21)


async def test_an_answer_is_added_with_what_was_asked_and_counts(process: GatewayProcess) -> None:
    async with library(process.url + "/v1", process.key) as client:
        made = await client.conversations.create(items=[{"role": "developer", "content": "Be brief. " * 20}])
        answer = await client.responses.create(model="sandbox/thinking", input="hi", conversation={"id": made.id})
        assert answer.conversation is not None
        assert answer.conversation.id == made.id
        items = [item async for item in client.conversations.items.list(made.id, order="asc")]
        assert [item.type for item in items] == ["message", "message", "reasoning", "message"]
        assert [item.id for item in items[2:]] == [item.id for item in answer.output], "under the ids that were shown"
        assert (await client.responses.retrieve(answer.id)).conversation == answer.conversation
        alone = await client.responses.input_tokens.count(model="sandbox/story", input="hi")
        inside = await client.responses.input_tokens.count(model="sandbox/story", input="hi", conversation=made.id)
        assert inside.input_tokens > alone.input_tokens + 40
        assert len([item async for item in client.conversations.items.list(made.id)]) == 4, "counting adds nothing"


async def test_an_unknown_conversation_is_told_as_the_api_tells_it(process: GatewayProcess) -> None:
    async with library(process.url + "/v1", process.key) as client:
        made = await client.responses.create(model="sandbox/story", input="hi")
        with pytest.raises(openai.NotFoundError) as refused:
            await client.responses.create(model="sandbox/story", input="hi", conversation="conv_0")
        assert refused.value.param == "conversation"
        conversation = await client.conversations.create()
        with pytest.raises(openai.BadRequestError) as both:
            await client.responses.create(
                model="sandbox/story", input="hi", conversation=conversation.id, previous_response_id=made.id
            )
        assert both.value.param == "conversation"


async def test_requests_at_once_on_any_worker_lose_nothing(process: GatewayProcess) -> None:
    async with library(process.url + "/v1", process.key) as client:
        made = await client.conversations.create()

    async def say(number: int) -> None:
        async with library(process.url + "/v1", process.key) as client:
            asked: Any = {"model": "sandbox/echo", "input": f"number {number}", "conversation": made.id}
            if number % 2:
                async with client.responses.stream(**asked) as events:
                    await events.get_final_response()
            else:
                await client.responses.create(**asked)

    await asyncio.gather(*(say(number) for number in range(12)))
    async with library(process.url + "/v1", process.key) as client:
        items: Any = [item async for item in client.conversations.items.list(made.id, order="asc", limit=5)]
    texts = [item.content[0].text for item in items]
    assert sorted(texts[::2]) == sorted(f"number {number}" for number in range(12))
    assert texts[1::2] == texts[::2], "each is the answer to its own question"
    assert [item.role for item in items] == ["user", "assistant"] * 12, "question and answer stand together"


async def test_a_kept_answer_is_streamed_again(process: GatewayProcess) -> None:
    async with library(process.url + "/v1", process.key) as client:
        async with client.responses.stream(model="sandbox/thinking", input="hi") as events:
            told = [event async for event in events]
            final = await events.get_final_response()
        stream = await client.responses.retrieve(final.id, stream=True)
        again = [event async for event in stream]
        assert [event.sequence_number for event in again] == list(range(len(again)))
        assert again[-1].type == "response.completed"
        assert again[-1].response.to_dict() == (await client.responses.retrieve(final.id)).to_dict()
        kinds = [event.type for event in told]
        assert list(dict.fromkeys(event.type for event in again)) == list(dict.fromkeys(kinds))
        rest = [event async for event in await client.responses.retrieve(final.id, stream=True, starting_after=3)]
        assert rest == again[4:]
        async with client.responses.stream(response_id=final.id) as resumed:
            assert (await resumed.get_final_response()).output_text == final.output_text
