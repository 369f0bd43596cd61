"""The Responses API read by OpenAI's own library: whole, streamed, parsed, with tools, and when the upstream fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.support.gateway import Gateway

pytestmark = pytest.mark.sdk

WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {}},
    "strict": False,
}


class Verdict(BaseModel):
    good: bool


@pytest.fixture
def library(sandbox: Gateway) -> Iterator[openai.OpenAI]:
    """The library before the gateway as it is at the first start."""
    with openai.OpenAI(api_key=sandbox.key, base_url=sandbox.url + "/v1", max_retries=0) as client:
        yield client


@pytest.fixture
def failing(gateway: Gateway) -> Iterator[openai.OpenAI]:
    """The library before upstreams that fail."""
    with openai.OpenAI(api_key=gateway.key, base_url=gateway.url + "/v1", max_retries=0) as client:
        yield client


def test_an_answer_is_read_with_its_counts(library: openai.OpenAI) -> None:
    answer = library.responses.create(model="sandbox/thinking", input="hi")
    assert answer.status == "completed"
    assert [item.type for item in answer.output] == ["reasoning", "message"]
    assert answer.output_text == "I have thought about it."
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_a_stream_adds_up_to_the_answer_that_it_ends_with(library: openai.OpenAI) -> None:
    with library.responses.stream(model="sandbox/thinking", input="hi") as stream:
        events = list(stream)
        final = stream.get_final_response()
    numbers = [event.sequence_number for event in events]
    assert numbers == list(range(len(numbers)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == final.output_text
    thought = "".join(event.delta for event in events if event.type == "response.reasoning_summary_text.delta")
    (reasoning,) = (item for item in final.output if item.type == "reasoning")
    assert [entry.text for entry in reasoning.summary] == [thought]


def test_an_answer_is_parsed(library: openai.OpenAI) -> None:
    answer = library.responses.parse(model="sandbox/echo", input='{"good":true}', text_format=Verdict)
    assert answer.output_parsed == Verdict(good=True)


@pytest.mark.parametrize("streamed", [False, True])
def test_what_came_is_sent_back_with_the_result_of_a_call(library: openai.OpenAI, streamed: bool) -> None:
    talk: Any = [{"role": "user", "content": "How cold is it?"}]
    if streamed:
        with library.responses.stream(model="sandbox/tools", input=talk, tools=[WEATHER]) as stream:
            output = list(stream.get_final_response().output)
    else:
        output = list(library.responses.create(model="sandbox/tools", input=talk, tools=[WEATHER]).output)
    (call,) = (item for item in output if item.type == "function_call")
    talk += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in output]
    talk.append({"type": "function_call_output", "call_id": call.call_id, "output": "9 °C"})
    answer = library.responses.create(model="sandbox/tools", input=talk, tools=[WEATHER])
    assert answer.output_text == "The tool answered: 9 °C"


@pytest.mark.parametrize("upstream", ["openai-chat", "anthropic-messages"])
@pytest.mark.parametrize("how", ["cut", "short"])
def test_a_stream_that_breaks_ends_in_an_answer_that_failed(failing: openai.OpenAI, upstream: str, how: str) -> None:
    *before, last = failing.responses.create(model=f"{upstream}-{how}", input="hi", stream=True)
    assert last.type == "response.failed"
    assert last.sequence_number == len(before)
    assert last.response.status == "failed"
    assert last.response.error is not None
    assert last.response.error.code == "server_error"
    assert before[0].type == "response.created"
    assert before[0].response.id == last.response.id


@pytest.mark.parametrize("upstream", ["openai-chat", "anthropic-messages"])
def test_a_rate_limit_is_one(failing: openai.OpenAI, upstream: str) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        failing.responses.create(model=f"{upstream}-limited", input="hi")
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "7"
