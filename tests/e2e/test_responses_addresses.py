"""The addresses of Responses through the shipped files: what is refused and how, and who is called in which protocol."""

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
  openai: {{extends: openai, base_url: "http://127.0.0.1:{port}/v1", allow_private: true}}
groups:
  all: {{models: ["*"], providers: [openai]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look_up", "arguments": "{}", "status": "completed"}
RESPONSE: Any = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "theirs", "output": [CALL],
    "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
}  # fmt: skip
COMPLETION: Any = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "theirs",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
}  # fmt: skip


async def vendor(scene: Scene) -> None:
    """Answer as the vendor does at each of its addresses."""
    answers = {"/v1/responses": RESPONSE, "/v1/chat/completions": COMPLETION, "/v1/responses/input_tokens": {"object": "response.input_tokens", "input_tokens": 7}}
    await scene.answer(json.dumps(answers[scene.seen.line.split()[1]]).encode())


@pytest.fixture
async def upstream(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Running, Upstream]]:
    """A gateway of the shipped files in front of the vendor."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-upstream")
    port, found = free_port(), Diagnostics()
    (tmp_path / "routes.yaml").write_text(ROUTES.format(port=port, hash=hashlib.sha256(KEY.encode()).hexdigest()))
    snapshot = compile_project(load_project(tmp_path, found), found)
    assert render_terminal(found) == ""
    async with Upstream(vendor, port=port) as played, running(snapshot) as gateway:
        yield gateway, played


async def asked(gateway: Running, path: str, body: dict[str, Any]) -> Any:
    answer = await gateway.ask("POST", path, json.dumps(body).encode())
    assert answer.status == 200, answer.body
    return answer.json


def paths(upstream: Upstream) -> list[str]:
    return [seen.line.split()[1] for seen in upstream.seen]


@pytest.mark.parametrize("path", ["/v1/responses", "/api/v1/responses", "/responses"])
async def test_a_client_that_wants_a_websocket_goes_on_over_http(path: str, upstream: tuple[Running, Upstream]) -> None:
    gateway, _ = upstream
    socket = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13", "sec-websocket-key": "qKCT1bH0yD+y4AHsKpz1uw=="}
    answer = await gateway.ask("GET", path, **{name.replace("-", "_"): value for name, value in socket.items()})
    assert answer.status == 426
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}
    assert (await asked(gateway, path, {"model": "gpt-5", "input": "hi"}))["id"] == "resp_1"


async def test_without_a_websocket_the_method_is_the_mistake(upstream: tuple[Running, Upstream]) -> None:
    answer = await upstream[0].ask("GET", "/v1/responses")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/v1/responses/compact", "/responses/compact", "/v1/responses/resp_1/unheard-of"])
async def test_what_is_not_served_is_a_404_in_the_words_of_the_protocol(path: str, upstream: tuple[Running, Upstream]) -> None:
    answer = await upstream[0].ask("POST", path, b"{}")
    assert (answer.status, answer.json["error"]["code"]) == (404, "unknown_endpoint")
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}


async def test_a_model_of_responses_alone_answers_a_client_of_chat(upstream: tuple[Running, Upstream]) -> None:
    gateway, vendor_ = upstream
    answer = await asked(gateway, "/v1/chat/completions", {"model": "gpt-5-codex", "messages": [{"role": "user", "content": "hi"}]})
    assert answer["choices"][0]["message"]["tool_calls"][0]["id"] == "call_1"
    assert paths(vendor_) == ["/v1/responses"]


async def test_tools_go_through_responses_where_the_model_wants_them_there(upstream: tuple[Running, Upstream]) -> None:
    gateway, vendor_ = upstream
    chat = {"model": "gpt-6-astra", "messages": [{"role": "user", "content": "hi"}]}
    assert (await asked(gateway, "/v1/chat/completions", chat))["choices"][0]["finish_reason"] == "stop"
    answer = await asked(gateway, "/v1/chat/completions", {**chat, "tools": [TOOL], "reasoning_effort": "high"})
    assert answer["choices"][0]["finish_reason"] == "tool_calls"
    assert paths(vendor_) == ["/v1/chat/completions", "/v1/responses"]
    sent = json.loads(vendor_.seen[1].body)
    assert (sent["reasoning"], sent["tools"][0]["name"]) == ({"effort": "high"}, "look_up")
    assert (sent["store"], sent["include"]) == (False, ["reasoning.encrypted_content"])


async def test_tokens_are_counted_by_the_vendor(upstream: tuple[Running, Upstream]) -> None:
    gateway, vendor_ = upstream
    body = {"model": "gpt-5", "input": "hi", "instructions": "Be brief."}
    assert await asked(gateway, "/v1/responses/input_tokens", body) == {"object": "response.input_tokens", "input_tokens": 7}
    assert (paths(vendor_), json.loads(vendor_.seen[0].body)) == (["/v1/responses/input_tokens"], body)
