"""What the Open Responses acceptance suite asks of a server, asked of the gateway before upstreams of every protocol.

The cases are those of openresponses.org (read 2026-11-21) that hold for HTTP and for one answer, in words of our own;
its schema is the judge. Beyond the suite, the request must reach the upstream: valid there, and with all it says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.e2e.conversations import Gateway
from tests.e2e.upstreams import UPSTREAMS
from tests.inventory.judge import STANDARD, findings
from tests.support.corpus import required, root
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

pytestmark = pytest.mark.corpus

Json = dict[str, Any]
SPEC = root() / "specs" / "openresponses.openapi.json"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TOOL: Json = {
    "type": "function", "name": "tide", "description": "When the sea is high.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
}  # fmt: skip


def said(role: str, content: Any, **more: Any) -> Json:
    return {"type": "message", "role": role, "content": content, **more}


@dataclass(frozen=True)
class Case:
    """A request, the words of it that the upstream must read, and the kind of item that must come."""

    asks: Json
    reaches: tuple[str, ...]
    gives: str = "message"


LOOK = [{"type": "input_text", "text": "What is drawn here?"}, {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}]
CASES = {
    "a plain question": Case({"input": [said("user", "Greet me in three words.")]}, ("Greet me in three words.",)),
    "an instruction of the system": Case(
        {"input": [said("system", "You are a sailor."), said("user", "Greet me.")]}, ("You are a sailor.", "Greet me.")
    ),
    "a tool": Case({"input": [said("user", "When is the sea high in Brest?")], "tools": [TOOL]}, ("tide", "When the sea is high."), "function_call"),
    "an image": Case({"input": [said("user", LOOK)]}, ("What is drawn here?", PNG)),
    "a conversation": Case(
        {"input": [said("user", "I am called Ada."), said("assistant", "Hello Ada!"), said("user", "What am I called?")]},
        ("I am called Ada.", "Hello Ada!", "What am I called?"),
    ),
    "a history with phases": Case(
        {"input": [
            said("user", "Which day is it?"), said("assistant", "I look it up.", phase="commentary"),
            said("assistant", "It is Monday.", phase="final_answer"), said("user", "And tomorrow?"),
        ]},
        ("Which day is it?", "I look it up.", "It is Monday.", "And tomorrow?"),
    ),
}  # fmt: skip

ARGUMENTS = {"place": "Brest"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}


def answer(protocol: str, *, call: bool) -> Json:
    """A whole answer of an upstream: one text, or one call."""
    text, encoded = "Ahoy, dear friend!", json.dumps(ARGUMENTS)
    match protocol:
        case "openai-chat":
            calls = [{"id": "call_1", "type": "function", "function": {"name": "tide", "arguments": encoded}}]
            message = {"role": "assistant", "content": "", "tool_calls": calls} if call else {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if call else "stop"}
            return {"id": "c1", "object": "chat.completion", "created": 1, "model": "theirs", "choices": [choice], "usage": USAGE}
        case "anthropic-messages":
            block = {"type": "tool_use", "id": "toolu_1", "name": "tide", "input": ARGUMENTS} if call else {"type": "text", "text": text}
            return {
                "id": "msg_1", "type": "message", "role": "assistant", "model": "theirs", "content": [block], "stop_sequence": None,
                "stop_reason": "tool_use" if call else "end_turn", "usage": {"input_tokens": 9, "output_tokens": 5},
            }  # fmt: skip
        case "gemini-generate":
            part: Json = {"functionCall": {"name": "tide", "args": ARGUMENTS}} if call else {"text": text}
            candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
            counts = {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14}
            return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "theirs", "responseId": "r1"}
    item: Json = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "tide", "arguments": encoded, "status": "completed"}
    if not call:
        content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "final_answer", "content": content}
    return {**WHOLE, "output": [item]}


WHOLE: Json = {
    "id": "resp_1", "object": "response", "created_at": 1, "completed_at": 2, "status": "completed", "model": "theirs", "error": None,
    "incomplete_details": None, "instructions": None, "previous_response_id": None, "metadata": {}, "parallel_tool_calls": True,
    "temperature": 1.0, "top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0, "top_logprobs": 0, "tool_choice": "auto",
    "tools": [], "truncation": "disabled", "text": {"format": {"type": "text"}}, "reasoning": {"effort": None, "summary": None},
    "max_output_tokens": None, "max_tool_calls": None, "store": True, "background": False, "service_tier": "default",
    "safety_identifier": None, "prompt_cache_key": None,
    "usage": {
        "input_tokens": 9, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 14,
    },
}  # fmt: skip


@cache
def schema(name: str) -> Draft202012Validator:
    document = json.loads(SPEC.read_bytes())
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def wrong(name: str, value: Any) -> list[str]:
    """What the schema of the suite finds."""
    return [f"{error.json_path}: {error.message[:200]}" for error in schema(name).iter_errors(value)]


@cache
def shape_of_event(kind: str) -> str:
    """The schema of one kind of event."""
    schemas = json.loads(SPEC.read_bytes())["components"]["schemas"]
    [name] = [name for name, said in schemas.items() if name.endswith("StreamingEvent") and said["properties"]["type"]["enum"] == [kind]]
    return str(name)


async def asked(gateway: Gateway, upstream: str, case: Case, *, stream: bool) -> tuple[bytes, Json]:
    """What the client is sent, and the body that reached the upstream."""
    snapshot, ports = gateway
    strict = UPSTREAMS[upstream]
    whole = answer(strict.protocol, call=case.gives == "function_call")

    async def script(scene: Scene) -> None:
        if stream:
            await scene.stream(strict.stream(whole))
        else:
            await scene.answer(json.dumps(whole).encode())

    body = json.dumps({"model": upstream, **case.asks, "stream": stream}).encode()
    async with Upstream(script, port=ports[upstream]) as listening, running(snapshot) as server:
        given = await server.ask("POST", "/v1/responses", body)
        assert given.status == 200, given.body
        return given.body, json.loads(listening.seen[0].body)


every_case = pytest.mark.parametrize("name", CASES)
every_upstream = pytest.mark.parametrize("upstream", ["chat", "messages", "generate", "responses"])


@pytest.fixture(autouse=True)
def specification() -> None:
    required("the specification of Open Responses", SPEC.is_file(), f"no specification at {SPEC}")


@every_case
@every_upstream
async def test_a_whole_answer_fits_the_schema(gateway: Gateway, upstream: str, name: str) -> None:
    case = CASES[name]
    body, sent = await asked(gateway, upstream, case, stream=False)
    response = json.loads(body)
    assert wrong("ResponseResource", response) == []
    assert (response["status"], [item["type"] for item in response["output"]]) == ("completed", [case.gives])
    assert findings(UPSTREAMS[upstream].protocol, "request", sent, STANDARD) == []
    assert [words for words in case.reaches if words not in json.dumps(sent)] == []


@every_case
@every_upstream
async def test_every_event_of_a_stream_fits_its_schema(gateway: Gateway, upstream: str, name: str) -> None:
    case = CASES[name]
    body, _ = await asked(gateway, upstream, case, stream=True)
    events = [json.loads(line.removeprefix("data: ")) for line in body.decode().splitlines() if line.startswith("data: ")]
    assert [line for event in events for line in wrong(shape_of_event(event["type"]), event)] == []
    kinds = [event["type"] for event in events]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    added = [event["item"]["type"] for event in events if event["type"] == "response.output_item.added"]
    done = [event["item"]["type"] for event in events if event["type"] == "response.output_item.done"]
    assert added == done == [case.gives]
    piece = "response.function_call_arguments" if case.gives == "function_call" else "response.output_text"
    assert {f"{piece}.delta", f"{piece}.done"} <= set(kinds)
    assert wrong("ResponseResource", events[-1]["response"]) == []
