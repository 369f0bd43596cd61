"""Errors reach each official library as the class that its users catch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from tests.support.gateway import Gateway

pytestmark = pytest.mark.sdk

HI: Any = [{"role": "user", "content": "hi"}]
UPSTREAMS = ["openai-chat", "anthropic-messages"]


@pytest.fixture
def chat(gateway: Gateway) -> Iterator[openai.OpenAI]:
    """The OpenAI library, without its retries."""
    with openai.OpenAI(api_key=gateway.key, base_url=gateway.url + "/v1", max_retries=0) as client:
        yield client


@pytest.fixture
def messages(gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    """The Anthropic library, without its retries."""
    with anthropic.Anthropic(api_key=gateway.key, base_url=gateway.url, max_retries=0) as client:
        yield client


def test_a_wrong_key_is_an_authentication_error(chat: openai.OpenAI, messages: anthropic.Anthropic) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        chat.with_options(api_key="sk-wrong").chat.completions.create(model="gpt-5", messages=HI)
    assert caught.value.code == "invalid_api_key"
    with pytest.raises(anthropic.AuthenticationError) as told:
        messages.with_options(api_key="sk-wrong").messages.create(model="claude-opus-4-7", max_tokens=9, messages=HI)
    assert told.value.type == "authentication_error"


def test_an_unknown_model_is_not_found(chat: openai.OpenAI, messages: anthropic.Anthropic) -> None:
    with pytest.raises(openai.NotFoundError, match="no-such-model") as caught:
        chat.chat.completions.create(model="no-such-model", messages=HI)
    assert caught.value.code == "model_not_found"
    with pytest.raises(anthropic.NotFoundError, match="no-such-model") as told:
        messages.messages.create(model="no-such-model", max_tokens=9, messages=HI)
    assert told.value.type == "not_found_error"


def test_a_body_of_the_wrong_shape_is_a_bad_request(chat: openai.OpenAI, messages: anthropic.Anthropic) -> None:
    wrong: Any = {"not": "a list"}
    with pytest.raises(openai.BadRequestError):
        chat.chat.completions.create(model="gpt-5", messages=wrong)
    with pytest.raises(anthropic.BadRequestError):
        messages.messages.create(model="claude-opus-4-7", max_tokens=9, messages=wrong)


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_the_upstreams_limit_is_a_rate_limit_with_the_time_to_wait(
    upstream: str, chat: openai.OpenAI, messages: anthropic.Anthropic
) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        chat.chat.completions.create(model=f"{upstream}-limited", messages=HI)
    assert caught.value.response.headers["retry-after"] == "7"
    with pytest.raises(anthropic.RateLimitError) as told:
        messages.messages.create(model=f"{upstream}-limited", max_tokens=9, messages=HI)
    assert told.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize("end", ["cut", "short"])
@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_a_stream_that_breaks_off_is_an_error_after_the_text(
    upstream: str, end: str, chat: openai.OpenAI, messages: anthropic.Anthropic
) -> None:
    said: list[str] = []
    with pytest.raises(openai.APIError):
        for chunk in chat.chat.completions.create(model=f"{upstream}-{end}", messages=HI, stream=True):
            said.append(chunk.choices[0].delta.content or "")
    assert "".join(said).startswith("Hel")
    heard: list[str] = []
    with pytest.raises(anthropic.APIError), messages.messages.stream(model=f"{upstream}-{end}", max_tokens=9, messages=HI) as stream:
        for text in stream.text_stream:
            heard.append(text)
    assert "".join(heard).startswith("Hel")


def test_both_libraries_list_the_models(chat: openai.OpenAI, messages: anthropic.Anthropic) -> None:
    wanted = {"gpt-5", "claude-opus-4-7"}
    assert wanted <= {model.id for model in chat.models.list()}
    assert wanted <= {model.id for model in messages.models.list()}
