"""Tokens counted through the shipped files: every recorded count gives the same number, also to a client of another protocol."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import anthropic
import httpx2
import pytest
from google import genai
from google.genai import types
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.support.corpus import Exchange, exchanges, require
from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import running
from tests.support.scripted import Scene, Script, Upstream

ROUTES = """
providers:
  anthropic: {{extends: anthropic, base_url: "http://127.0.0.1:{port}", allow_private: true}}
  gemini: {{extends: gemini, base_url: "http://127.0.0.1:{port}/v1beta", allow_private: true}}
  chat: {{base_url: "http://127.0.0.1:{port}", allow_private: true, speaks: {{openai-chat: {{path: /chat}}}}}}
models:
  messages-*: {{targets: [{{provider: anthropic, model: "*"}}]}}
  generate-*: {{targets: [{{provider: gemini, model: "*"}}]}}
  claude-*: {{targets: [{{provider: anthropic}}]}}
  gemini-*: {{targets: [{{provider: gemini}}]}}
  nonexistent-*: {{targets: [{{provider: gemini}}]}}
  chat-only: {{targets: [{{provider: chat}}]}}
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""
RECORDED = ("anthropic.count_tokens", "gemini.count_tokens")
TOOL: Any = {"name": "look_up", "description": "Looks up.", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
MESSAGES: Any = {"system": "Be brief.", "messages": [{"role": "user", "content": "How cold is it?"}], "tools": [TOOL]}
GENERATE: Any = {"contents": [{"role": "user", "parts": [{"text": "How cold is it?"}]}], "systemInstruction": {"parts": [{"text": "Be brief."}]}}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, int]:
    """The built-in files, whose providers stand at one port."""
    port, folder = free_port(), tmp_path_factory.mktemp("counting")
    (folder / "routes.yaml").write_text(ROUTES.format(port=port, hash=hashlib.sha256(KEY.encode()).hexdigest()))
    found = Diagnostics()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
            patch.setenv(name, "sk-upstream")
        snapshot = compile_project(load_project(folder, found), found)
    assert render_terminal(found) == ""
    return snapshot, port


def saying(body: Any, status: int = 200) -> Script:
    async def script(scene: Scene) -> None:
        await scene.answer(json.dumps(body).encode(), status)

    return script


def bodies(upstream: Upstream) -> list[tuple[str, Any]]:
    return [(seen.line.split()[1].partition("?")[0], json.loads(seen.body)) for seen in upstream.seen]


def recorded() -> list[Exchange]:
    return list(exchanges(*RECORDED))


@pytest.mark.corpus
async def test_every_recorded_count_is_the_same_number(shipped: tuple[Snapshot, int]) -> None:
    require()
    snapshot, port = shipped
    found = recorded()
    async with Upstream(*(saying(it.response["body"], it.response["status"]) for it in found), port=port) as upstream:
        async with running(snapshot) as gateway:
            for each in found:
                asked, own = each.request or {}, each.dialect.startswith("anthropic")
                path = asked["path"] if own else "/v1beta/models/" + asked["path"].rpartition("/")[2]
                answer = await gateway.ask("POST", path, json.dumps(asked["body"]).encode())
                assert answer.status == 200, (each.id, answer)
                if each.ok:
                    assert answer.json == each.response["body"], each.id
                assert ("x-torouter-estimated" in answer.headers) is not each.ok, each.id
    assert len(found) >= 17
    named = [(each.request or {})["body"] for each in found]      # a dated name may go upstream without its date
    assert [{**body, "model": None} for _, body in bodies(upstream)] == [{**body, "model": None} for body in named]


def number(answer: Any) -> int:
    return int(answer.get("input_tokens") or answer["totalTokens"])


async def test_another_vendors_model_counts_with_instructions_and_tools(shipped: tuple[Snapshot, int]) -> None:
    snapshot, port = shipped
    async with Upstream(saying({"totalTokens": 61}), port=port) as upstream, running(snapshot) as gateway:
        body = json.dumps({"model": "generate-x", **MESSAGES}).encode()
        answer = await gateway.ask("POST", "/v1/messages/count_tokens?beta=true", body)
    [(path, asked)] = bodies(upstream)
    assert (answer.status, answer.json) == (200, {"input_tokens": 61})
    assert path == "/v1beta/models/x:countTokens"
    whole = asked["generateContentRequest"]
    assert (set(asked), whole["model"]) == ({"generateContentRequest"}, "models/x")
    assert (whole["systemInstruction"], whole["tools"][0]["functionDeclarations"][0]["name"]) == ({"parts": [{"text": "Be brief."}]}, "look_up")


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "whole"])
async def test_what_is_no_part_of_a_prompt_is_not_sent_to_be_counted(wrapped: bool, shipped: tuple[Snapshot, int]) -> None:
    given = {**GENERATE, "generationConfig": {"temperature": 0.5, "maxOutputTokens": 9}}
    snapshot, port = shipped
    async with Upstream(saying({"input_tokens": 20}), port=port) as upstream, running(snapshot) as gateway:
        body = {"generateContentRequest": {**given, "model": "models/messages-x"}} if wrapped else given
        answer = await gateway.ask("POST", "/v1beta/models/messages-x:countTokens", json.dumps(body).encode())
    [(path, asked)] = bodies(upstream)
    assert (answer.status, answer.json, path) == (200, {"totalTokens": 20}, "/v1/messages/count_tokens")
    assert set(asked) == {"model", "messages", "system"}
    assert asked["model"] == "x"


async def test_a_whole_request_names_the_model_as_the_provider_does(shipped: tuple[Snapshot, int]) -> None:
    snapshot, port = shipped
    async with Upstream(saying({"totalTokens": 8}), port=port) as upstream, running(snapshot) as gateway:
        body = json.dumps({"generateContentRequest": {**GENERATE, "model": "models/generate-x"}}).encode()
        await gateway.ask("POST", "/v1beta/models/generate-x:countTokens", body)
    assert bodies(upstream)[0][1]["generateContentRequest"] == {**GENERATE, "model": "models/x"}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/messages/count_tokens", {"model": "chat-only", **MESSAGES}), ("/v1beta/models/chat-only:countTokens", GENERATE)],
    ids=["messages", "generate"],
)
async def test_a_provider_that_does_not_count_is_not_asked(path: str, body: Any, shipped: tuple[Snapshot, int]) -> None:
    snapshot, port = shipped
    async with Upstream(saying({}), port=port) as upstream, running(snapshot) as gateway:
        answer = await gateway.ask("POST", path, json.dumps(body).encode())
    assert (answer.status, answer.headers["x-torouter-estimated"], upstream.seen) == (200, "true", [])
    assert 5 < number(answer.json) < 60


@pytest.mark.sdk
async def test_the_libraries_read_the_providers_number(shipped: tuple[Snapshot, int]) -> None:
    snapshot, port = shipped
    async with Upstream(saying({"input_tokens": 7}), saying({"totalTokens": 9}), port=port), running(snapshot) as gateway:
        url = f"http://127.0.0.1:{gateway.port}"
        async with anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0) as client:
            counted = await client.messages.count_tokens(model="messages-x", messages=MESSAGES["messages"])
        async with httpx2.AsyncClient(timeout=30) as http:
            options = types.HttpOptions(base_url=url, httpx_async_client=http)
            library = genai.Client(api_key=KEY, http_options=options, vertexai=False).aio
            said = await library.models.count_tokens(model="generate-x", contents="How cold is it?")
    assert (counted.input_tokens, said.total_tokens) == (7, 9)
