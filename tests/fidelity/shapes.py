"""What a client is sent, held against the vendor's schema and the grammar of its stream.

Semantic equality alone would pass a stream with one part per token, or a body that lacks what typed clients insist on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.support.corpus import root

Json = dict[str, Any]
WORDS = {"type", "role", "object", "finish_reason", "stop_reason"}


def findings(protocol: str, payload: bytes, *, streamed: bool) -> list[str]:
    """Everything wrong with an answer in this protocol."""
    if not streamed:
        return schema_findings(protocol, json.loads(payload), "body")
    frames = list(events(payload))
    bodies = [json.loads(data) for _, data in frames if data != "[DONE]"]
    if any("error" in body for body in bodies):
        bodies = [body for body in bodies if "error" not in body]     # a stream may end in an error at any point
        return [line for body in bodies for line in schema_findings(protocol, body, "event")]
    found = [line for body in bodies for line in schema_findings(protocol, body, "event")]
    return found + list(GRAMMARS[protocol](frames, bodies))


def events(payload: bytes) -> Iterable[tuple[str | None, str]]:
    """The (name, data) of every event of a stream that this project wrote."""
    for block in payload.decode().split("\n\n"):
        lines = [line.partition(": ") for line in block.split("\n") if line and not line.startswith(":")]
        data = [value for field, _, value in lines if field == "data"]
        names = [value for field, _, value in lines if field == "event"]
        if data:
            yield (names[0] if names else None), "\n".join(data)


# --- schemas

ROOTS = {
    ("openai-chat", "body"): "CreateChatCompletionResponse",
    ("openai-chat", "event"): "CreateChatCompletionStreamResponse",
    ("anthropic-messages", "body"): "BetaMessage",
    ("anthropic-messages", "event"): "BetaRawMessageStreamEvent",
}
RELAXED = {"$.usage.server_tool_use"}      # the schema rejects what the vendor itself sends
_SEEN: dict[tuple[str, str, str], list[str]] = {}


def schema_findings(protocol: str, body: Json, what: str) -> list[str]:
    """The schema's findings; bodies of the same outline are checked once, since a check is slow."""
    if body.get("type") == "ping":       # the library's own types leave it out
        return []
    key = (protocol, what, outline(body))
    if key not in _SEEN:
        # What may be null is said in a word that JSON Schema does not know: a null is never judged.
        errors = (e for e in validator(protocol, what).iter_errors(body) if e.instance is not None)
        _SEEN[key] = [f"{what} {e.json_path}: {e.message[:160]}" for e in errors if e.json_path not in RELAXED]
    return _SEEN[key]


def outline(body: Json) -> str:
    """A body with its values replaced by their types, but for words that choose a shape."""

    def plain(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {k: plain(v, k) for k, v in sorted(value.items())}
        if isinstance(value, list):
            return [plain(item, key) for item in value]
        return value if key in WORDS else type(value).__name__

    return json.dumps(plain(body, ""))


@cache
def validator(protocol: str, what: str) -> Draft202012Validator:
    """The published schema of an answer or of one event."""
    name = ROOTS[protocol, what]
    if protocol == "openai-chat":
        spec = json.loads((root() / "specs" / "openai.openapi.trimmed.json").read_bytes())
        return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": spec["components"]})
    spec = json.loads((root() / "specs" / "anthropic.sdk.schema.json").read_bytes())
    return Draft202012Validator({**spec, **spec["roots"][name]})


# --- grammars

Frames = list[tuple[str | None, str]]


def chat_grammar(frames: Frames, bodies: list[Json]) -> Iterable[str]:
    """One id; the role first and once; one finish per choice, nothing after it; the end marker last."""
    if frames[-1][1] != "[DONE]" or sum(data == "[DONE]" for _, data in frames) != 1:
        yield "the end marker is not the last frame"
    for member in ("id", "model", "created"):
        if len({body.get(member) for body in bodies}) != 1:
            yield f"{member} changes within the stream"
    seen: set[int] = set()
    over: set[int] = set()
    for body in bodies:
        for choice in body["choices"]:
            index, delta = choice["index"], choice.get("delta", {})
            if ("role" in delta) != (index not in seen):
                yield f"choice {index}: the role belongs to the first delta and to no other"
            if index in over:
                yield f"choice {index}: something follows its finish reason"
            seen.add(index)
            if choice.get("finish_reason"):
                over.add(index)
    if seen != over:
        yield "a choice has no finish reason"
    if bodies[-1]["choices"] == [] and any(body.get("usage") for body in bodies[:-1]):
        yield "usage comes more than once"


BLOCK_OF = {
    "text_delta": {"text"}, "citations_delta": {"text"}, "thinking_delta": {"thinking"}, "signature_delta": {"thinking"},
    "input_json_delta": {"tool_use", "server_tool_use", "mcp_tool_use"}, "compaction_delta": {"compaction"},
}  # fmt: skip


def messages_grammar(frames: Frames, bodies: list[Json]) -> Iterable[str]:
    """Start; blocks one after the other, numbered without gaps; one delta with the stop reason; stop."""
    for (name, _), body in zip(frames, bodies, strict=True):
        if name != body["type"]:
            yield f"the event is named {name}, its data {body['type']}"
    told = [body for body in bodies if body["type"] != "ping"]
    types = [body["type"] for body in told]
    if types[0] != "message_start" or types[-2:] != ["message_delta", "message_stop"]:
        yield f"the stream goes {types[0]} … {', '.join(types[-2:])}"
    if any(types.count(once) != 1 for once in ("message_start", "message_stop")):
        yield "the message starts or stops more than once"
    block, following = None, 0
    for body in told:
        kind = body["type"]
        if kind == "content_block_start":
            if block is not None:
                yield f"block {body['index']} starts while another is open"
            if body["index"] != following:
                yield f"block {body['index']} starts where {following} was due"
            block, following = body["content_block"]["type"], following + 1
        elif kind in ("content_block_delta", "content_block_stop"):
            if block is None or body["index"] != following - 1:
                yield f"{kind} for block {body['index']}, which is not open"
            if kind == "content_block_stop":
                block = None
            elif block not in BLOCK_OF.get(body["delta"]["type"], {block}):
                yield f"{body['delta']['type']} in a block of {block}"
        elif kind == "message_delta" and block is not None:
            yield "a block is open at the end"


Grammar = Callable[[Frames, list[Json]], Iterable[str]]
GRAMMARS: dict[str, Grammar] = {"openai-chat": chat_grammar, "anthropic-messages": messages_grammar}
