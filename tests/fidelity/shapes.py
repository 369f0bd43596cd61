"""What a client is sent, held against the vendor's schema and the grammar of its stream.

Semantic equality alone would pass a stream with one part per token, or a body that lacks what typed clients insist on.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.support.corpus import root
from tests.support.grammar import events_of, violations

Json = dict[str, Any]
WORDS = {"type", "role", "object", "finish_reason", "stop_reason"}


def findings(protocol: str, payload: bytes, *, streamed: bool) -> list[str]:
    """Everything wrong with an answer in this protocol."""
    if not streamed:
        return schema_findings(protocol, json.loads(payload), "body")
    found = [line for event in events_of(protocol, payload) for line in schema_findings(protocol, event, "event")]
    return found + violations(protocol, payload)


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
