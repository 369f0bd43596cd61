"""The vendors' own messages: every recorded request, answer, event and error of a protocol, and the dialect it is in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.inventory.judge import Allowed, Schema, read
from tests.support.corpus import root

PROTOCOL = {
    "openai.chat": "openai-chat",
    "openai.responses": "openai-responses",
    "anthropic.messages": "anthropic-messages",
    "gemini.generate": "gemini-generate",
    "gemini.stream": "gemini-generate",
    "openai.embeddings": "openai-embeddings",
    "gemini.embeddings": "gemini-embeddings",
    "openai.images": "openai-images",
}
DIALECTS = {
    "openai": "",
    "anthropic": "",
    "google": "",
    "vertex": "vertex",
    "azure": "azure",
    "openrouter": "openrouter",
    "bedrock-mantle.us-east-1.api.aws": "bedrock",
    "deepseek": "deepseek",
    "ai-gateway.vercel.sh": "vercel",
    "api.cloudflare.com": "cloudflare",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.perplexity.ai": "perplexity",
    "api.x.ai": "xai",
    "api.z.ai": "zhipu",
    "ollama.com": "ollama",
    "router.huggingface.co": "huggingface",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `what` is the definition of the inventory that it must fit."""

    id: str
    protocol: str
    dialects: Allowed
    what: str
    body: Any
    ok: bool


def messages() -> Iterator[Message]:
    """Every message of every recording, in a stable order."""
    for file in sorted((root() / "exchanges").glob("*/*.json")):
        record = json.loads(file.read_bytes())
        protocol = PROTOCOL.get(record["dialect"])
        if protocol is None or (record["request"] or {}).get("path", "").endswith("/compact"):      # not a generation
            continue
        dialect = DIALECTS[record["upstream"]]
        allowed = frozenset(
            filter(None, ["older", "loose", dialect, "int-enums" if "int_enums" in record["features"] else ""])
        )
        if (
            record["source"]["kind"] == "response_fixture"
        ):  # of a library that tests both services with the same answers
            allowed |= {"vertex"}
        ok = 200 <= record["response"]["status"] < 300
        for what, body in _bodies(record, ok):
            yield Message(f"{file.parent.name}/{record['id']}", protocol, allowed, what, body, ok)


def _bodies(record: dict[str, Any], ok: bool) -> Iterator[tuple[str, Any]]:
    request = (record["request"] or {}).get("body")
    if isinstance(request, dict):
        yield "request", camel(request) if PROTOCOL[record["dialect"]] == "gemini-generate" else request
    response = record["response"]
    if "sse" in response:
        yield from (("error" if fails(event) else "event", event) for event in events(response["sse"]))
    elif isinstance(response.get("body"), list):
        yield from (("error" if fails(event) else "event", event) for event in response["body"])
    elif isinstance(response.get("body"), dict):
        yield "response" if ok and not fails(response["body"]) else "error", response["body"]


def fails(body: Any) -> bool:
    """Whether a message is an error and nothing else: an answer, or a named event, may hold one among other members."""
    return isinstance(body.get("error"), dict) and not {"choices", "object", "sequence_number"} & set(body)


def events(stream: str) -> Iterator[Any]:
    """The JSON of every event of a recorded stream."""
    for block in re.split(r"\r?\n\r?\n", stream):
        data = "\n".join(line[5:].removeprefix(" ") for line in block.splitlines() if line.startswith("data:"))
        if data and data != "[DONE]":
            yield json.loads(data)


def camel(body: Any) -> Any:
    """A message whose members may be written in either case, in the case of its inventory."""
    types = read("gemini-generate")["$defs"]
    return _camel(body, types["request"], types)


def _camel(body: Any, schema: Schema, types: dict[str, Schema]) -> Any:
    while "$ref" in schema:
        schema = types[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        schema = next((option for option in schema["anyOf"] if {"properties", "items", "$ref"} & set(option)), schema)
        return _camel(body, schema, types) if "anyOf" not in schema else body
    if isinstance(body, list) and "items" in schema:
        return [_camel(item, schema["items"], types) for item in body]
    if not isinstance(body, dict) or "properties" not in schema:
        return body
    known = schema["properties"]
    names = {name: re.sub("_([a-z])", lambda found: found[1].upper(), name) for name in body}
    names = {name: name if name in known or other not in known else other for name, other in names.items()}
    return {names[name]: _camel(value, known.get(names[name], {}), types) for name, value in body.items()}
