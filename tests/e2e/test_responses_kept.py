"""Answers that pass through byte for byte from a provider without memory, and are kept here: shown as they were."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import Running, running
from tests.support.scripted import Scene, Upstream

ROUTES = """
providers:
  forgetful:
    base_url: "http://127.0.0.1:{port}"
    allow_private: true
    speaks: {{openai-responses: {{path: /responses}}}}
models:
  small: {{targets: [{{provider: forgetful, model: small}}]}}
groups:
  all: {{models: ["*"], providers: [forgetful]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""
THOUGHT: Any = {
    "type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA",
    "summary": [{"type": "summary_text", "text": "A"}, {"type": "summary_text", "text": "B"}],
}  # fmt: skip
WORDS: Any = {
    "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
    "content": [{"type": "output_text", "text": "T", "annotations": [], "logprobs": []}],
}  # fmt: skip
ANSWER: Any = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "small", "output": [THOUGHT, WORDS],
    "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
}  # fmt: skip
PIECE: Any = {"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "output_index": 0}
EVENTS: Any = [
    {"type": "response.created", "response": {**ANSWER, "status": "in_progress", "output": [], "usage": None}},
    {**PIECE, "summary_index": 0, "delta": "A"},
    {**PIECE, "summary_index": 1, "delta": "B"},
    {"type": "response.output_item.done", "output_index": 0, "item": THOUGHT},
    {"type": "response.output_item.done", "output_index": 1, "item": WORDS},
    {"type": "response.completed", "response": ANSWER},
]


async def forgetful(scene: Scene) -> None:
    """Answer whole, or as a stream."""
    if json.loads(scene.seen.body).get("stream"):
        await scene.stream(b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in EVENTS))
    else:
        await scene.answer(json.dumps(ANSWER).encode())


@pytest.fixture
async def gateway(tmp_path: Any) -> AsyncIterator[Running]:
    """The shipped files before a provider that speaks Responses and keeps nothing."""
    port, found = free_port(), Diagnostics()
    (tmp_path / "routes.yaml").write_text(ROUTES.format(port=port, hash=hashlib.sha256(KEY.encode()).hexdigest()))
    snapshot = compile_project(load_project(tmp_path, found), found)
    assert render_terminal(found) == ""
    async with Upstream(forgetful, port=port), running(snapshot) as gateway:
        yield gateway


@pytest.mark.parametrize("stream", [False, True])
async def test_every_summary_of_a_thought_is_shown_again(gateway: Running, stream: bool) -> None:
    body = {"model": "small", "input": "hi", "stream": stream}
    answer = await gateway.ask("POST", "/v1/responses", json.dumps(body).encode())
    assert answer.status == 200
    if not stream:
        assert answer.json == ANSWER, "it passed through"
    shown = await gateway.ask("GET", "/v1/responses/resp_1")
    assert shown.json["output"] == [THOUGHT, WORDS]
