"""The clients' protocols as a hostile client meets them: where to send, what is good, and what an error must look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]


@dataclass(frozen=True)
class Surface:
    """One protocol: `path` and `good` are of a request that is answered, `answer` is what its upstream says."""

    protocol: str
    path: str
    fields: Json
    answer: Json
    shaped: Callable[[int, Json], bool]
    names_model: bool = True  # whether the body does

    @property
    def model(self) -> str:
        return f"to-{self.protocol}"

    def at(self, model: str) -> str:
        """The path of a request for a model."""
        return self.path.replace(self.model, quote(model, safe=""))

    def body(self, model: str | None = None, /, **more: Any) -> bytes:
        """A request's body; more members replace those that it has."""
        named = {"model": model or self.model} if self.names_model else {}
        return json.dumps({**named, **self.fields, **more}).encode()


def _openai(status: int, body: Json) -> bool:
    error = body["error"]
    return set(body) == {"error"} and isinstance(error["message"], str) and isinstance(error["type"], str) and {"param", "code"} <= set(error)


def _anthropic(status: int, body: Json) -> bool:
    error = body["error"]
    return body["type"] == "error" and isinstance(error["type"], str) and isinstance(error["message"], str) and "request_id" in body


def _gemini(status: int, body: Json) -> bool:
    error = body["error"]
    return set(body) == {"error"} and error["code"] == status and isinstance(error["message"], str) and error["status"].isupper()


_USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
SURFACES = {
    surface.protocol: surface
    for surface in (
        Surface(
            "openai-chat", "/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]},
            {
                "id": "c1", "object": "chat.completion", "created": 1, "model": "theirs", "usage": _USAGE,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
            },
            _openai,
        ),
        Surface(
            "openai-responses", "/v1/responses", {"input": "hi", "store": False},
            {
                "id": "r1", "object": "response", "created_at": 1, "status": "completed", "model": "theirs",
                "output": [{"type": "message", "id": "m1", "status": "completed", "role": "assistant",
                            "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}],
                "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
            },
            _openai,
        ),
        Surface(
            "anthropic-messages", "/v1/messages", {"max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]},
            {
                "id": "m1", "type": "message", "role": "assistant", "model": "theirs", "stop_reason": "end_turn",
                "content": [{"type": "text", "text": "Hello"}], "usage": {"input_tokens": 3, "output_tokens": 2},
            },
            _anthropic,
        ),
        Surface(
            "gemini-generate", "/v1beta/models/to-gemini-generate:generateContent",
            {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
            {
                "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}],
                "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
            },
            _gemini, names_model=False,
        ),
        Surface(
            "openai-embeddings", "/v1/embeddings", {"input": "hi"},
            {
                "object": "list", "model": "theirs", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
                "usage": {"prompt_tokens": 3, "total_tokens": 3},
            },
            _openai,
        ),
    )
}  # fmt: skip
DEFAULT = "openai-chat"  # whoever cannot be told apart
TALKS = [name for name in SURFACES if name != "openai-embeddings"]  # those that can be translated into each other


def with_text(surface: Surface, text: str) -> Json:
    """The members of a body that say a text."""
    turn = {"role": "user", "content": text}
    if surface.protocol == "gemini-generate":
        return {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    return {"input": [turn] if surface.protocol == "openai-responses" else text} if "input" in surface.fields else {"messages": [turn]}


def with_tool(surface: Surface, schema: Any, name: str = "look") -> Json:
    """The members of a body that offer a tool with such parameters."""
    if surface.protocol == "gemini-generate":
        return {"tools": [{"functionDeclarations": [{"name": name, "description": "d", "parametersJsonSchema": schema}]}]}
    if surface.protocol == "anthropic-messages":
        return {"tools": [{"name": name, "description": "d", "input_schema": schema}]}
    tool = {"name": name, "description": "d", "parameters": schema}
    return {"tools": [{"type": "function", "function": tool} if surface.protocol == "openai-chat" else {"type": "function", **tool}]}


def with_image(surface: Surface, url: str) -> Json:
    """The members of a body that point at an image."""
    if surface.protocol == "gemini-generate":
        return {"contents": [{"role": "user", "parts": [{"fileData": {"mimeType": "image/png", "fileUri": url}}]}]}
    part: Json = {
        "openai-chat": {"type": "image_url", "image_url": {"url": url}},
        "openai-responses": {"type": "input_image", "image_url": url},
        "anthropic-messages": {"type": "image", "source": {"type": "url", "url": url}},
    }[surface.protocol]
    turn = {"role": "user", "content": [part]}
    return {"input": [turn]} if surface.protocol == "openai-responses" else {"messages": [turn]}
