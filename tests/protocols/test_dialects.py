"""Which requests of plain clients each dialect takes as they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.protocols import dialect

PLAIN: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def said(**message: Any) -> dict[str, Any]:
    """A conversation in which the assistant has said something with further members."""
    earlier = {"role": "assistant", "content": "hello", **message}
    return {"model": "m", "messages": [*PLAIN["messages"], earlier, *PLAIN["messages"]]}


TAKEN = {
    "openrouter": [
        PLAIN,
        {**PLAIN, "provider": {"order": ["a"]}, "max_completion_tokens": 9},
        said(reasoning_details=[{}]),
    ],
    "deepseek": [PLAIN, {**PLAIN, "thinking": {"type": "enabled"}, "max_tokens": 9}, said(reasoning_content="hm")],
    "groq": [PLAIN, {**PLAIN, "reasoning_format": "parsed", "n": 1}],
    "zhipu": [PLAIN, {**PLAIN, "thinking": {"type": "enabled", "clear_thinking": False}}],
    "xai": [PLAIN, {**PLAIN, "max_completion_tokens": 9}],
    "perplexity": [PLAIN, {**PLAIN, "search_domain_filter": ["example.com"]}],
    "moonshot": [PLAIN],
    "google": [PLAIN],
}
TRANSLATED = {
    "deepseek": [
        {**PLAIN, "max_completion_tokens": 9},
        {**PLAIN, "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
        {**PLAIN, "reasoning_effort": "none"},
        {"model": "m", "messages": [{"role": "developer", "content": "be brief"}, *PLAIN["messages"]]},
    ],
    "mistral": [PLAIN],
    "groq": [{**PLAIN, "logprobs": True}, {**PLAIN, "logit_bias": {}}, said(reasoning_content="hm"), said(name="bob")],
    "zhipu": [{**PLAIN, "max_completion_tokens": 9}],
    "perplexity": [{**PLAIN, "max_completion_tokens": 9}],
}


@pytest.mark.parametrize(("name", "body"), [(name, body) for name, bodies in TAKEN.items() for body in bodies])
def test_a_request_in_the_dialect_goes_through_untouched(name: str, body: dict[str, Any]) -> None:
    assert dialect(name).takes(body, {})


@pytest.mark.parametrize(("name", "body"), [(name, body) for name, bodies in TRANSLATED.items() for body in bodies])
def test_a_request_that_would_be_refused_is_translated(name: str, body: dict[str, Any]) -> None:
    assert not dialect(name).takes(body, {})
