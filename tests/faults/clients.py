"""The clients' protocols as whoever calls them sees an answer: its text, its end, its error, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What a client reads off one answer. `ends` are the signs of a good end, `errors` those of a bad one."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    text: str
    ends: int
    errors: tuple[Json, ...]
    whole: bool = True  # whether the answer itself came to its end

    @property
    def good(self) -> bool:
        """Whether a client takes it for a success."""
        return self.status == 200 and self.ends > 0 and not self.errors


@dataclass(frozen=True)
class Voice:
    """One way to ask. `words` are those of its errors, by class; the status stands in front of them."""

    name: str
    protocol: str
    errors: str  # which column of the classes of errors is its own
    streams: bool = False

    def path(self, model: str) -> str:
        """Where a request is sent."""
        if self.protocol == "gemini-generate":
            verb = "streamGenerateContent" if self.streams else "generateContent"
            return f"/v1beta/models/{model}:{verb}{'?alt=sse' if self.name.endswith('events') else ''}"
        return {
            "openai-chat": "/v1/chat/completions", "anthropic-messages": "/v1/messages", "openai-responses": "/v1/responses",
        }[self.protocol]  # fmt: skip

    def ask(self, model: str) -> bytes:
        """A request's body."""
        if self.protocol == "gemini-generate":
            return json.dumps({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}).encode()
        said = {"input": "hi", "store": False} if self.protocol == "openai-responses" else _CHAT
        return json.dumps({"model": model, **said, **({"stream": True} if self.streams else {})}).encode()

    def read(self, status: int, headers: Mapping[str, str], body: bytes, *, whole: bool = True) -> Told:
        """What an answer says. Raises ValueError for one that breaks the rules of the protocol."""
        if status != 200:
            return Told(status, headers, body, "", 0, (json.loads(body),), whole)
        media = headers["content-type"].partition(";")[0]
        if media == "text/event-stream":
            events = list(_events(body))
        else:
            said = json.loads(body) if whole else []
            events = said if isinstance(said, list) else [said]
        return Told(status, headers, body, *_READERS[self.protocol](events), whole)


_CHAT: Json = {"max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}


def _events(body: bytes) -> Iterable[Json]:
    """The events of a stream, which must all be whole, and be what their names say."""
    text = body.decode()
    if text and not text.endswith("\n\n"):
        raise ValueError(f"half a frame at the end: {text[-80:]!r}")
    for frame in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in frame.split("\n") if line and not line.startswith(":"))
        if "data" not in fields:
            continue
        event = {"done": True} if fields["data"] == "[DONE]" else json.loads(fields["data"])
        if "event" in fields and fields["event"] != event.get("type"):
            raise ValueError(f"the name of an event is not its type: {frame!r}")
        yield event


Read = tuple[str, int, tuple[Json, ...]]


def _chat(events: Iterable[Json]) -> Read:
    text, ends, errors = "", 0, []
    for event in events:
        if "error" in event:
            errors.append(event)
        ends += "done" in event
        for choice in event.get("choices", ()):
            said = choice.get("delta", choice.get("message", {}))
            text += said.get("content") or ""
            ends += "message" in choice
    return text, ends, tuple(errors)


def _messages(events: Iterable[Json]) -> Read:
    text, ends, errors = "", 0, []
    for event in events:
        if event.get("type") == "error":
            errors.append(event)
        if event.get("type") == "message":
            text += "".join(part.get("text", "") for part in event["content"])
        ends += event.get("type") in ("message", "message_stop")
        if event.get("type") == "content_block_delta":
            text += event["delta"].get("text", "")
    return text, ends, tuple(errors)


def _gemini(events: Iterable[Json]) -> Read:
    text, ends, errors = "", 0, []
    for event in events:
        if next(iter(event)) == "error":  # some libraries see it only there
            errors.append(event)
        for candidate in event.get("candidates", ()):
            text += "".join(part.get("text", "") for part in candidate.get("content", {}).get("parts", ()))
            ends += "finishReason" in candidate
    return text, ends, tuple(errors)


def _responses(events: Iterable[Json]) -> Read:
    text, ends, errors = "", 0, []
    for event in events:
        kind = event.get("type", "")
        if kind == "response.failed":
            errors = errors or [event["response"]]  # an upstream says it as an event of its own, too
        if kind == "error":
            errors.append({"error": event.get("error") or {name: event[name] for name in ("code", "message")}})
        if event.get("object") == "response":
            ends += event["status"] in ("completed", "incomplete")
            text += "".join(part["text"] for item in event["output"] for part in item["content"])
        ends += kind in ("response.completed", "response.incomplete")
        if kind == "response.output_text.delta":
            text += event["delta"]
    return text, ends, tuple(errors)


_READERS = {
    "openai-chat": _chat,
    "anthropic-messages": _messages,
    "gemini-generate": _gemini,
    "openai-responses": _responses,
}

VOICES = (
    Voice("chat, whole", "openai-chat", "openai"),
    Voice("chat, events", "openai-chat", "openai", streams=True),
    Voice("messages, whole", "anthropic-messages", "anthropic"),
    Voice("messages, events", "anthropic-messages", "anthropic", streams=True),
    Voice("gemini, whole", "gemini-generate", "gemini"),
    Voice("gemini, events", "gemini-generate", "gemini", streams=True),
    Voice("gemini, array", "gemini-generate", "gemini", streams=True),
    Voice("responses, whole", "openai-responses", "openai"),
    Voice("responses, events", "openai-responses", "openai", streams=True),
)
