"""One short answer in each shipped protocol, whole and as the frames of a stream, and what can go wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Talk:
    """What an upstream says in one protocol: the text is `Hello`, in two pieces."""

    protocol: str
    path: str
    answer: Json
    opening: bytes  # frames that a client cannot see
    saying: bytes  # the two pieces of text
    closing: bytes  # the frames that make it whole
    error: Json
    error_frame: bytes = field(repr=False)

    @property
    def whole(self) -> bytes:
        return json.dumps(self.answer).encode()

    @property
    def stream(self) -> bytes:
        return self.opening + self.saying + self.closing

    def body(self, model: str, *, stream: bool = False, **more: Any) -> bytes:
        """A client's request in this protocol."""
        fields = {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}], **more}
        return json.dumps({**fields, "stream": True} if stream else fields).encode()


def _chunk(delta: Json, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _data({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "theirs", "choices": [choice]})


def _data(body: Json) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()


def _event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


_CHAT_ERROR = {"error": {"message": "Upstream is sad.", "type": "server_error", "param": None, "code": "sad"}}
_MESSAGES_ERROR = {
    "type": "error",
    "error": {"type": "api_error", "message": "Upstream is sad."},
    "request_id": "req_theirs",
}
_MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "theirs"}

CHAT = Talk(
    "openai-chat",
    "/v1/chat/completions",
    {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "theirs",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    },
    _chunk({"role": "assistant", "content": ""}),
    _chunk({"content": "Hel"}) + _chunk({"content": "lo"}),
    _chunk({}, "stop") + b"data: [DONE]\n\n",
    _CHAT_ERROR,
    _data(_CHAT_ERROR),
)  # fmt: skip

MESSAGES = Talk(
    "anthropic-messages",
    "/v1/messages",
    {
        **_MESSAGE, "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
    },
    _event(
        "message_start",
        message={
            **_MESSAGE, "content": [], "stop_reason": None, "stop_sequence": None,
            "usage": {"input_tokens": 3, "output_tokens": 1},
        },
    ),
    _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    + _event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hel"})
    + _event("content_block_delta", index=0, delta={"type": "text_delta", "text": "lo"}),
    _event("content_block_stop", index=0)
    + _event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 2})
    + _event("message_stop"),
    _MESSAGES_ERROR,
    _event("error", **{k: v for k, v in _MESSAGES_ERROR.items() if k != "type"}),
)  # fmt: skip

TALKS = (CHAT, MESSAGES)
