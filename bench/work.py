"""The kinds of work: which client asks which provider for what, and how an answer is seen to be right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .canned import ANSWERS, EVENTS, SENTENCE, SENTENCES, SLOW_EVENTS, WORD

CHAT, RESPONSES, MESSAGES, GENERATE = "openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"
JSON, BURST, SLOW, BIG = "JSON", "burst", "slow", "200 kB"
PATHS: Mapping[str, str] = {
    CHAT: "/v1/chat/completions",
    RESPONSES: "/v1/responses",
    MESSAGES: "/v1/messages",
}
QUESTION = "What is the capital of France?"
STREAMS = 1000


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of request; `events` are those of its answer that hold text, 0 for a whole answer."""

    kind: str
    client: str
    upstream: str

    @property
    def name(self) -> str:
        how = "same protocol" if self.same else f"→ {self.upstream}"
        return f"{self.kind}, {self.client}, {how}"

    @property
    def same(self) -> bool:
        return self.client == self.upstream

    @property
    def stream(self) -> bool:
        return self.kind in {BURST, SLOW}

    @property
    def events(self) -> int:
        return {BURST: EVENTS, SLOW: SLOW_EVENTS}.get(self.kind, 0)

    @property
    def pace(self) -> str:
        """What the provider calls its model, by how fast it answers."""
        return "slow" if self.kind == SLOW else "quick"

    @property
    def path(self) -> str:
        return PATHS[self.client]

    def body(self, model: str) -> bytes:
        """The request, as the client sends it."""
        turns, tools = (200, 60) if self.kind == BIG else (1, 0)
        document = BODIES[self.client](model, turns, tools) | {"stream": self.stream}
        return json.dumps(document, separators=(",", ":")).encode()  # as the official libraries write it

    def wrong(self, answer: bytes) -> str:
        """What is wrong with an answer; empty when it is right."""
        if not self.stream:
            return "" if answer.count(SENTENCE.encode()) >= SENTENCES else "not the text"
        if answer.count(WORD) < self.events:
            return f"{answer.count(WORD)} words"
        return "" if ANSWERS[self.client].ends in answer else "no end"


def text_of(turn: int) -> str:
    """What is said in one turn of a long conversation."""
    return f"This is message {turn}: " + "the file has been read, and the next step follows. " * 12


def schema(tool: int) -> dict[str, object]:
    """The parameters of a tool, as agents describe them."""
    path = {"type": "string", "description": f"The absolute path that tool {tool} works on, and nothing else."}
    mode = {"type": "string", "enum": ["read", "write", "append"], "description": "How the file is opened."}
    lines = {"type": "array", "items": {"type": "integer", "minimum": 0}, "description": "Which lines."}
    properties = {"path": path, "mode": mode, "lines": lines, "limit": {"type": "integer", "default": 100}}
    return {"type": "object", "properties": properties, "required": ["path"]}


def chat_body(model: str, turns: int, tools: int) -> dict[str, object]:
    """A request of the first protocol; with tools, each second turn calls one and the next one answers."""
    messages: list[dict[str, object]] = [{"role": "user", "content": QUESTION}]
    for turn in range(1, turns):
        call = {"id": f"call_{turn}", "type": "function"}
        if turn % 2:
            function = {"name": f"tool_{turn % tools}", "arguments": json.dumps({"path": f"/src/{turn}.py"})}
            said = text_of(turn)
            messages.append({"role": "assistant", "content": said, "tool_calls": [{**call, "function": function}]})
        else:
            messages.append({"role": "tool", "tool_call_id": f"call_{turn - 1}", "content": text_of(turn)})
    functions = [
        {"name": f"tool_{it}", "description": f"Does {it}. " * 20, "parameters": schema(it)} for it in range(tools)
    ]
    body: dict[str, object] = {"model": model, "messages": messages, "max_tokens": 1000}
    return body | ({"tools": [{"type": "function", "function": it} for it in functions]} if tools else {})


def messages_body(model: str, turns: int, tools: int) -> dict[str, object]:
    messages: list[dict[str, object]] = [{"role": "user", "content": QUESTION}]
    for turn in range(1, turns):
        text = {"type": "text", "text": text_of(turn)}
        if turn % 2:
            call = {"type": "tool_use", "id": f"toolu_{turn}", "name": f"tool_{turn % tools}", "input": {"path": "/a"}}
            messages.append({"role": "assistant", "content": [text, call]})
        else:
            result = {"type": "tool_result", "tool_use_id": f"toolu_{turn - 1}", "content": [text]}
            messages.append({"role": "user", "content": [result]})
    given = [
        {"name": f"tool_{it}", "description": f"Does {it}. " * 20, "input_schema": schema(it)} for it in range(tools)
    ]
    body: dict[str, object] = {"model": model, "messages": messages, "max_tokens": 1000}
    return body | ({"tools": given} if tools else {})


def responses_body(model: str, turns: int, tools: int) -> dict[str, object]:  # noqa: ARG001 - asked for nothing long
    return {"model": model, "input": QUESTION, "max_output_tokens": 1000, "store": False}


BODIES: Mapping[str, Callable[[str, int, int], dict[str, object]]] = {
    CHAT: chat_body,
    MESSAGES: messages_body,
    RESPONSES: responses_body,
}
_PAIRS = ((CHAT, CHAT), (MESSAGES, CHAT), (CHAT, MESSAGES), (CHAT, GENERATE), (RESPONSES, MESSAGES))
WORK: Sequence[Work] = (
    *(Work(JSON, *pair) for pair in _PAIRS),
    *(Work(BURST, *pair) for pair in _PAIRS),
    Work(BIG, MESSAGES, MESSAGES),
    Work(BIG, MESSAGES, CHAT),
)
SLOW_WORK: Sequence[Work] = (Work(SLOW, CHAT, CHAT), Work(SLOW, MESSAGES, CHAT))
