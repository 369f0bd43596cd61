"""The official libraries count tokens at the first start, where nobody but the gateway can."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from google import genai
from google.genai import errors, types

from tests.support.gateway import Gateway

pytestmark = pytest.mark.sdk

HI: Any = [{"role": "user", "content": "How cold is it in Oslo?"}]
TOOL: Any = {"name": "look_up", "description": "Looks up.", "input_schema": {"type": "object"}}


@pytest.mark.parametrize("end", ["", "/v1", "/api"])
def test_messages_are_counted_and_the_number_is_marked_as_an_estimate(end: str, sandbox: Gateway) -> None:
    with anthropic.Anthropic(api_key=sandbox.key, base_url=sandbox.url + end, max_retries=0) as client:
        bare = client.messages.with_raw_response.count_tokens(model="claude-opus-4-7", messages=HI)
        full = client.beta.messages.count_tokens(model="gpt-5", messages=HI, system="Be brief.", tools=[TOOL])
    assert bare.headers["x-torouter-estimated"] == "true"
    assert 0 < bare.parse().input_tokens < full.input_tokens


@pytest.mark.parametrize("end", ["", "/v1beta", "/api/v1beta"])
def test_contents_are_counted(end: str, sandbox: Gateway) -> None:
    options = types.HttpOptions(base_url=sandbox.url + end)
    client = genai.Client(api_key=sandbox.key, http_options=options, vertexai=False)
    short = client.models.count_tokens(model="gemini-3-flash-preview", contents="hi")
    long = client.models.count_tokens(model="gemini-3-flash-preview", contents="How cold is it in Oslo, and why?")
    assert short.total_tokens is not None
    assert long.total_tokens is not None
    assert 0 < short.total_tokens < long.total_tokens


def test_a_mistake_is_the_librarys_own_error(sandbox: Gateway) -> None:
    with anthropic.Anthropic(api_key=sandbox.key, base_url=sandbox.url, max_retries=0) as client:
        with pytest.raises(anthropic.NotFoundError, match="no-such-model"):
            client.messages.count_tokens(model="no-such-model", messages=HI)
        with pytest.raises(anthropic.BadRequestError):
            client.messages.count_tokens(model="claude-opus-4-7", messages=[])
    library = genai.Client(api_key=sandbox.key, http_options=types.HttpOptions(base_url=sandbox.url), vertexai=False)
    with pytest.raises(errors.ClientError, match="no-such-model") as caught:
        library.models.count_tokens(model="no-such-model", contents="hi")
    assert caught.value.code == 404
