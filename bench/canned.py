"""Canned answers of every protocol, made once: a JSON answer, and a stream as a list of frames.

Whoever reads an answer can check it: a JSON answer holds `SENTENCE` so many times, a stream each of its words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

EVENTS = 200
"""Events with text in a burst."""
SLOW_EVENTS = 24
"""Events with text in a slow stream."""
SENTENCE = "Paris. "
SENTENCES = 20
WORD = b"word"


@dataclass(frozen=True, slots=True)
class Canned:
    """What a provider of one protocol says; `ends` is what every whole stream of it contains."""

    whole: bytes
    stream: Callable[[int], list[bytes]]
    ends: bytes


def data(value: object) -> bytes:
    """One frame of server-sent events."""
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def named(kind: str, **members: object) -> bytes:
    """One frame that names its kind twice, as some protocols do."""
    return f"event: {kind}\n".encode() + data({"type": kind, **members})


def words(count: int) -> Iterator[str]:
    """The texts of a stream."""
    return (f"{WORD.decode()}{number} " for number in range(count))


def chat_stream(count: int = EVENTS) -> list[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def delta(content: Mapping[str, object], finish: str | None = None) -> bytes:
        return data({**head, "choices": [{"index": 0, "delta": content, "finish_reason": finish, "logprobs": None}]})

    usage = {"prompt_tokens": 20, "completion_tokens": count, "total_tokens": 20 + count}
    return [
        delta({"role": "assistant", "content": ""}),
        *(delta({"content": word}) for word in words(count)),
        delta({}, "stop"),
        data({**head, "choices": [], "usage": usage}),
        b"data: [DONE]\n\n",
    ]


def chat_whole() -> bytes:
    message = {"role": "assistant", "content": SENTENCE * SENTENCES, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 20, "completion_tokens": 40, "total_tokens": 60}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
    return json.dumps({**head, "choices": [choice], "usage": usage}).encode()


def messages_stream(count: int = EVENTS) -> list[bytes]:
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 20, "output_tokens": 1},
    }  # fmt: skip
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        named("message_start", message=message),
        named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(named("content_block_delta", index=0, delta={"type": "text_delta", "text": word}) for word in words(count)),
        named("content_block_stop", index=0),
        named("message_delta", delta=stop, usage={"output_tokens": count}),
        named("message_stop"),
    ]


def messages_whole() -> bytes:
    return json.dumps({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "text", "text": SENTENCE * SENTENCES}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": 20, "output_tokens": 40},
    }).encode()  # fmt: skip


def generate_stream(count: int = EVENTS) -> list[bytes]:
    def chunk(text: str, finish: str | None = None) -> bytes:
        candidate: dict[str, object] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
        candidate.update({"finishReason": finish} if finish else {})
        usage = {"promptTokenCount": 20, "candidatesTokenCount": count, "totalTokenCount": 20 + count}
        return data({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r1"})

    *texts, last = words(count)
    return [*(chunk(word) for word in texts), chunk(last, "STOP")]


def generate_whole() -> bytes:
    content = {"role": "model", "parts": [{"text": SENTENCE * SENTENCES}]}
    usage = {"promptTokenCount": 20, "candidatesTokenCount": 40, "totalTokenCount": 60}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return json.dumps({
        "candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "r1",
    }).encode()  # fmt: skip


def _response(text: str, status: str) -> dict[str, object]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": status, "content": content}
    usage = {
        "input_tokens": 20, "output_tokens": 40, "total_tokens": 60, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "m", "error": None,
        "incomplete_details": None, "output": [item] if text else [], "parallel_tool_calls": True, "tools": [],
        "tool_choice": "auto", "usage": usage if text else None,
    }  # fmt: skip


def responses_stream(count: int = EVENTS) -> list[bytes]:
    text = "".join(words(count))
    part = {"type": "output_text", "text": "", "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    ended = _response(text, "completed")
    done = {**item, "status": "completed", "content": [{**part, "text": text}]}
    kinds: list[tuple[str, dict[str, object]]] = [
        ("response.created", {"response": _response("", "in_progress")}),
        ("response.output_item.added", {"output_index": 0, "item": item}),
        ("response.content_part.added", {**at, "part": part}),
        *(("response.output_text.delta", {**at, "delta": word}) for word in words(count)),
        ("response.output_text.done", {**at, "text": text}),
        ("response.content_part.done", {**at, "part": {**part, "text": text}}),
        ("response.output_item.done", {"output_index": 0, "item": done}),
        ("response.completed", {"response": ended}),
    ]
    return [named(kind, **members, sequence_number=number) for number, (kind, members) in enumerate(kinds)]


def responses_whole() -> bytes:
    return json.dumps(_response(SENTENCE * SENTENCES, "completed")).encode()


ANSWERS: Mapping[str, Canned] = {
    "openai-chat": Canned(chat_whole(), chat_stream, b"data: [DONE]"),
    "openai-responses": Canned(responses_whole(), responses_stream, b'"response.completed"'),
    "anthropic-messages": Canned(messages_whole(), messages_stream, b'"message_stop"'),
    "gemini-generate": Canned(generate_whole(), generate_stream, b'"STOP"'),
}
