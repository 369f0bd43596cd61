"""The inventories fit what the vendors themselves send, and nothing that is nearly that."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.inventory.build import FOLDER, ROOTS, build, protocols, text
from tests.inventory.judge import Allowed, findings, read, view
from tests.inventory.native import messages
from tests.inventory.spec import references
from tests.support.corpus import require

LEAST = {
    "openai-chat": {"request": 270, "response": 190, "event": 1300, "error": 20},
    "anthropic-messages": {"request": 140, "response": 95, "event": 800, "error": 9},
    "gemini-generate": {"request": 150, "response": 95, "event": 200, "error": 18},
    "openai-responses": {"request": 120, "response": 85, "event": 980, "error": 15},
    "openai-embeddings": {"request": 9, "response": 9, "error": 4},
    "gemini-embeddings": {"request": 2, "response": 2, "error": 1},
    "openai-images": {"request": 3, "response": 3, "error": 3},
}


@pytest.mark.corpus
@pytest.mark.parametrize("protocol", protocols())
def test_an_inventory_is_what_its_specification_and_overlay_make(protocol: str) -> None:
    require()
    assert (FOLDER / f"{protocol}.schema.json").read_text() == text(build(protocol)), "run: make inventories"


@pytest.mark.corpus
def test_every_message_that_a_vendor_took_or_sent_fits() -> None:
    require()
    judged: Counter[tuple[str, str]] = Counter()
    wrong = []
    for message in messages():
        if message.what == "request" and not message.ok:
            continue
        judged[message.protocol, message.what] += 1
        wrong += [
            f"{message.id}: {line}" for line in findings(message.protocol, message.what, message.body, message.dialects)
        ]
    assert wrong == []
    assert all(
        judged[protocol, what] >= least for protocol, counts in LEAST.items() for what, least in counts.items()
    ), judged


@pytest.mark.parametrize("protocol", protocols())
def test_an_inventory_is_a_json_schema_that_refers_to_nothing_missing(protocol: str) -> None:
    inventory = read(protocol)
    Draft202012Validator.check_schema(inventory)
    assert set(ROOTS) <= set(inventory["$defs"])
    for dialects in (frozenset[str](), frozenset(inventory["x-dialects"])):
        types = view(inventory["$defs"], dialects)
        assert set(references(types)) <= set(types)


@pytest.mark.parametrize("protocol", protocols())
def test_every_object_says_all_its_members_or_that_it_is_open(protocol: str) -> None:
    def objects(schema: Any, place: str) -> list[str]:
        if isinstance(schema, list):
            return [line for item in schema for line in objects(item, place)]
        if not isinstance(schema, dict):
            return []
        below = [
            line for key, value in schema.items() if key != "examples" for line in objects(value, f"{place}.{key}")
        ]
        loose = schema.get("type") == "object" and "additionalProperties" not in schema and not schema.get("x-opaque")
        return below + ([place] if loose else [])

    assert objects(read(protocol)["$defs"], protocol) == []


# --- what must not pass: one change to a good message each

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT = {
    "model": "m",
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "9"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}},
    "temperature": 1,
}
CHAT_ANSWER = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hi", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
MESSAGES = {
    "model": "m",
    "max_tokens": 5,
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "9"}]}],
        },
    ],
    "tools": [{"name": "f", "input_schema": {"type": "object"}}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}
START = {
    "type": "message_start",
    "message": {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 0},
    },
}
GENERATE = {
    "contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "9"}}}]},
    ],
    "tools": [
        {
            "functionDeclarations": [
                {"name": "f", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}}
            ]
        }
    ],
    "generationConfig": {"maxOutputTokens": 5, "thinkingConfig": {"thinkingLevel": "LOW"}},
}
GENERATED = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 2},
}
RESPONSES = {
    "model": "m",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "reasoning", "summary": [], "encrypted_content": "c2ln"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "so"}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "9"},
    ],
    "tools": [{"type": "namespace", "name": "n", "description": "", "tools": [{"type": "function", "name": "f"}]}],
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {}}},
    "max_output_tokens": 16,
}
RESPONSES_ANSWER = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "m",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}],
        },
    ],
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1,
    "top_p": 1,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2,
    },
}
DELTA = {
    "type": "response.output_text.delta",
    "sequence_number": 4,
    "item_id": "msg_1",
    "output_index": 1,
    "content_index": 0,
    "delta": "hi",
    "logprobs": [],
}
EMBEDDINGS = {"model": "m", "input": ["hi", "ho"], "encoding_format": "base64", "dimensions": 2}
EMBEDDED = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1.0]}],
    "model": "m",
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}
BATCH = {"requests": [{"model": "models/m", "content": {"parts": [{"text": "hi"}]}, "taskType": "CLUSTERING"}]}
VECTORS = {"embeddings": [{"values": [0.5, 1.0]}], "usageMetadata": {"promptTokenCount": 1}}
EDIT = {"model": "m", "prompt": "red", "images": [{"image_url": "https://example.com/a.png"}], "n": 1}
IMAGES = {"created": 1, "data": [{"b64_json": "iVBORw0KGgo="}], "output_format": "png", "size": "2048x1024"}
PARTIAL = {
    "type": "image_edit.partial_image",
    "b64_json": "iVBORw0KGgo=",
    "created_at": 1,
    "size": "auto",
    "quality": "auto",
    "background": "auto",
    "output_format": "png",
    "partial_image_index": 0,
}
IMAGE_QUESTION = {
    "contents": [{"role": "user", "parts": [{"text": "A red cat."}]}],
    "generationConfig": {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "1:1"}},
}
GOOD = [
    ("openai-chat", "request", CHAT),
    ("openai-chat", "response", CHAT_ANSWER),
    ("openai-chat", "error", {"error": {"message": "no", "type": "t", "param": None, "code": None}}),
    ("anthropic-messages", "request", MESSAGES),
    ("anthropic-messages", "event", START),
    ("anthropic-messages", "error", {"type": "error", "error": {"type": "api_error", "message": "no"}}),
    ("gemini-generate", "request", GENERATE),
    ("gemini-generate", "response", GENERATED),
    ("gemini-generate", "error", {"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}),
    ("openai-responses", "request", RESPONSES),
    ("openai-responses", "response", RESPONSES_ANSWER),
    ("openai-responses", "event", DELTA),
    ("openai-responses", "error", {"error": {"message": "no", "type": "t", "param": None, "code": None}}),
    ("openai-embeddings", "request", EMBEDDINGS),
    ("openai-embeddings", "response", EMBEDDED),
    ("gemini-embeddings", "request", BATCH),
    ("gemini-embeddings", "request", BATCH["requests"][0]),
    ("gemini-embeddings", "response", VECTORS),
    ("gemini-embeddings", "response", {"embedding": {"values": [0.5]}}),
    ("openai-images", "request", EDIT),
    ("openai-images", "request", {"prompt": "red", "style": "vivid"}),
    ("openai-images", "response", IMAGES),
    ("openai-images", "event", PARTIAL),
    ("gemini-images", "request", IMAGE_QUESTION),
]
REMOVED = object()
Steps = tuple[str | int, ...]
MUTANTS: list[tuple[str, str, Any, Steps, Any]] = [
    ("openai-chat", "request", CHAT, ("max_token",), 5),
    ("openai-chat", "request", CHAT, ("temperature",), "1"),
    ("openai-chat", "request", CHAT, ("temperature",), 3),
    ("openai-chat", "request", CHAT, ("reasoning_effort",), "huge"),
    ("openai-chat", "request", CHAT, ("thinking",), {"type": "enabled"}),
    ("openai-chat", "request", CHAT, ("messages", 0, "content", 0, "text"), REMOVED),
    ("openai-chat", "request", CHAT, ("messages", 0, "content", 0, "cache_control"), {"type": "ephemeral"}),
    ("openai-chat", "request", CHAT, ("messages", 0, "content"), []),
    ("openai-chat", "request", CHAT, ("messages", 0, "tool_calls"), [CALL]),
    ("openai-chat", "request", CHAT, ("messages", 1, "tool_calls", 0, "function", "arguments"), {}),
    ("openai-chat", "request", CHAT, ("messages", 1, "reasoning_content"), "hm"),
    ("openai-chat", "request", CHAT, ("messages", 2, "tool_call_id"), REMOVED),
    ("openai-chat", "request", CHAT, ("messages", 2, "role"), "user"),
    ("openai-chat", "request", CHAT, ("tools", 0, "name"), "f"),
    ("openai-chat", "request", CHAT, ("response_format", "json_schema", "name"), REMOVED),
    ("openai-chat", "response", CHAT_ANSWER, ("choices", 0, "message", "refusal"), REMOVED),
    ("openai-chat", "response", CHAT_ANSWER, ("choices", 0, "finish_reason"), "end_turn"),
    ("openai-chat", "response", CHAT_ANSWER, ("choices", 0, "delta"), {}),
    ("openai-chat", "response", CHAT_ANSWER, ("usage", "input_tokens"), 1),
    ("anthropic-messages", "request", MESSAGES, ("max_tokens",), REMOVED),
    ("anthropic-messages", "request", MESSAGES, ("temperature",), 1.5),
    ("anthropic-messages", "request", MESSAGES, ("stop",), ["a"]),
    ("anthropic-messages", "request", MESSAGES, ("thinking", "budget_tokens"), REMOVED),
    ("anthropic-messages", "request", MESSAGES, ("messages", 0, "role"), "tool"),
    ("anthropic-messages", "request", MESSAGES, ("messages", 0, "content", 0, "type"), "input_text"),
    ("anthropic-messages", "request", MESSAGES, ("messages", 0, "content", 0, "cache_control", "ttl"), "2h"),
    ("anthropic-messages", "request", MESSAGES, ("messages", 1, "content", 0, "input"), "{}"),
    ("anthropic-messages", "request", MESSAGES, ("messages", 2, "content", 0, "content", 0, "tool_use_id"), "t1"),
    ("anthropic-messages", "request", MESSAGES, ("tools", 0, "input_schema", "type"), REMOVED),
    ("anthropic-messages", "request", MESSAGES, ("tools", 0, "parameters"), {}),
    ("anthropic-messages", "event", START, ("type",), "message_begin"),
    ("anthropic-messages", "event", START, ("message", "stop_reason"), REMOVED),
    ("anthropic-messages", "event", START, ("message", "usage", "prompt_tokens"), 1),
    ("gemini-generate", "request", GENERATE, ("max_tokens",), 5),
    ("gemini-generate", "request", GENERATE, ("system_instruction",), {"parts": []}),
    ("gemini-generate", "request", GENERATE, ("contents", 0, "role"), "assistant"),
    ("gemini-generate", "request", GENERATE, ("contents", 1, "parts", 0, "functionCall", "name"), REMOVED),
    ("gemini-generate", "request", GENERATE, ("contents", 1, "parts", 0, "functionCall", "arguments"), "{}"),
    ("gemini-generate", "request", GENERATE, ("contents", 1, "parts", 0, "thought_signature"), "c2ln"),
    ("gemini-generate", "request", GENERATE, ("contents", 2, "parts", 0, "functionResponse", "response"), "9"),
    ("gemini-generate", "request", GENERATE, ("tools", 0, "functionDeclarations", 0, "parameters", "type"), "object"),
    (
        "gemini-generate",
        "request",
        GENERATE,
        ("tools", 0, "functionDeclarations", 0, "parameters", "properties", "a", "const"),
        "x",
    ),
    ("gemini-generate", "request", GENERATE, ("generationConfig", "max_output_tokens"), 5),
    ("gemini-generate", "request", GENERATE, ("generationConfig", "thinkingConfig", "thinkingLevel"), "low"),
    ("gemini-generate", "response", GENERATED, ("candidates", 0, "finishReason"), "TOOL_CALLS"),
    ("gemini-generate", "response", GENERATED, ("candidates", 0, "content", "parts", 0, "type"), "text"),
    ("gemini-generate", "response", GENERATED, ("usageMetadata", "totalTokens"), 2),
    ("openai-responses", "request", RESPONSES, ("messages",), []),
    ("openai-responses", "request", RESPONSES, ("max_tokens",), 5),
    ("openai-responses", "request", RESPONSES, ("max_output_tokens",), 15),
    ("openai-responses", "request", RESPONSES, ("input", 0, "content", 0, "type"), "text"),
    ("openai-responses", "request", RESPONSES, ("input", 0, "role"), "tool"),
    ("openai-responses", "request", RESPONSES, ("input", 1, "summary"), REMOVED),
    ("openai-responses", "request", RESPONSES, ("input", 1, "signature"), "c2ln"),
    ("openai-responses", "request", RESPONSES, ("input", 2, "content", 0, "type"), "input_text"),
    ("openai-responses", "request", RESPONSES, ("input", 3, "arguments"), {}),
    ("openai-responses", "request", RESPONSES, ("input", 3, "call_id"), REMOVED),
    ("openai-responses", "request", RESPONSES, ("input", 4, "tool_call_id"), "c1"),
    ("openai-responses", "request", RESPONSES, ("tools", 0, "function"), {"name": "f"}),
    ("openai-responses", "request", RESPONSES, ("tools", 0, "tools"), []),
    ("openai-responses", "request", RESPONSES, ("text", "format", "name"), REMOVED),
    ("openai-responses", "request", RESPONSES, ("response_format",), {"type": "json_object"}),
    ("openai-responses", "response", RESPONSES_ANSWER, ("status",), "stop"),
    ("openai-responses", "response", RESPONSES_ANSWER, ("output", 0, "id"), REMOVED),
    ("openai-responses", "response", RESPONSES_ANSWER, ("output", 1, "content", 0, "annotations"), REMOVED),
    ("openai-responses", "response", RESPONSES_ANSWER, ("output", 1, "content", 0, "logprobs"), REMOVED),
    ("openai-responses", "response", RESPONSES_ANSWER, ("usage", "prompt_tokens"), 1),
    ("openai-responses", "response", RESPONSES_ANSWER, ("usage", "input_tokens_details"), REMOVED),
    ("openai-responses", "response", RESPONSES_ANSWER, ("usage", "input_tokens_details", "cache_write_tokens"), REMOVED),
    ("openai-responses", "event", DELTA, ("sequence_number",), REMOVED),
    ("openai-responses", "event", DELTA, ("type",), "response.text.delta"),
    ("openai-responses", "event", DELTA, ("index",), 0),
    ("openai-embeddings", "request", EMBEDDINGS, ("input",), REMOVED),
    ("openai-embeddings", "request", EMBEDDINGS, ("input",), [["hi"]]),
    ("openai-embeddings", "request", EMBEDDINGS, ("encoding_format",), "hex"),
    ("openai-embeddings", "request", EMBEDDINGS, ("input_type",), "query"),
    ("openai-embeddings", "response", EMBEDDED, ("usage",), REMOVED),
    ("openai-embeddings", "response", EMBEDDED, ("data", 0, "index"), REMOVED),
    ("openai-embeddings", "response", EMBEDDED, ("data", 0, "embedding"), {"values": [1]}),
    ("gemini-embeddings", "request", BATCH, ("requests", 0, "content"), REMOVED),
    ("gemini-embeddings", "request", BATCH, ("requests", 0, "taskType"), "SEARCH"),
    ("gemini-embeddings", "request", BATCH, ("requests", 0, "dimensions"), 2),
    ("gemini-embeddings", "response", VECTORS, ("embeddings", 0, "embedding"), [1]),
    ("gemini-embeddings", "response", VECTORS, ("usageMetadata", "totalTokenCount"), 1),
    ("openai-images", "request", EDIT, ("prompt",), REMOVED),
    ("openai-images", "request", EDIT, ("images", 0, "b64_json"), "iVBORw0KGgo="),
    ("openai-images", "request", EDIT, ("style",), "vivid"),
    ("openai-images", "response", IMAGES, ("created",), REMOVED),
    ("openai-images", "response", IMAGES, ("data", 0, "data"), "iVBORw0KGgo="),
    ("openai-images", "event", PARTIAL, ("partial_image_index",), REMOVED),
    ("openai-images", "event", PARTIAL, ("type",), "image.partial_image"),
    ("gemini-images", "request", IMAGE_QUESTION, ("generationConfig", "imageConfig", "size"), "1K"),
]


@pytest.mark.parametrize(("protocol", "what", "body"), GOOD, ids=lambda value: value if isinstance(value, str) else "")
def test_a_good_message_fits(protocol: str, what: str, body: Any) -> None:
    assert findings(protocol, what, body) == []


@pytest.mark.parametrize(
    ("protocol", "what", "body", "steps", "value"),
    MUTANTS,
    ids=lambda v: ".".join(map(str, v)) if isinstance(v, tuple) else "",
)
def test_what_is_misspelt_misplaced_or_missing_is_found(
    protocol: str, what: str, body: Any, steps: Steps, value: Any
) -> None:
    mutant = deepcopy(body)
    holder = mutant
    for step in steps[:-1]:
        holder = holder[step]
    if value is REMOVED:
        del holder[steps[-1]]
    else:
        holder[steps[-1]] = value
    assert findings(protocol, what, mutant) != []


def test_a_dialects_addition_fits_where_the_dialect_is_allowed() -> None:
    body = {**CHAT, "thinking": {"type": "enabled"}}
    allowed: Allowed = frozenset({"deepseek"})
    assert findings("openai-chat", "request", body, allowed) == []
    assert findings("openai-chat", "request", body, frozenset({"mistral"})) == ["request $: unknown thinking"]


def test_what_a_dialect_leaves_out_is_still_owed_by_others() -> None:
    body = deepcopy(CHAT_ANSWER)
    del body["choices"][0]["message"]["refusal"]  # type: ignore[index]
    assert findings("openai-chat", "response", body, frozenset({"older"})) == []
    assert findings("openai-chat", "response", body, frozenset({"mistral"})) == [
        "response $.choices[0].message: 'refusal' is a required property"
    ]
