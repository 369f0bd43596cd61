"""What an upstream says in each protocol; two of them are told in the words of the support folder."""

from __future__ import annotations

import json
from typing import Any

from tests.support.talk import CHAT, MESSAGES, Json, Talk


def _event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


def _piece(text: str = "", **members: Any) -> bytes:
    content = {"role": "model", "parts": [{"text": text}]}
    return f"data: {json.dumps({**_META, 'candidates': [{'content': content, 'index': 0, **members}]})}\n\n".encode()


_META: Json = {
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
    "modelVersion": "theirs",
    "responseId": "r1",
}
_GEMINI_ERROR: Json = {"error": {"code": 500, "message": "Upstream is sad.", "status": "INTERNAL"}}
GEMINI = Talk(
    "gemini-generate",
    "/gemini-generate",
    {
        **_META,
        "candidates": [
            {"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}
        ],
    },
    f"data: {json.dumps(_META)}\n\n".encode(),
    _piece("Hel") + _piece("lo"),
    _piece(finishReason="STOP"),
    _GEMINI_ERROR,
    f"data: {json.dumps(_GEMINI_ERROR)}\n\n".encode(),
)

_TEXT: Json = {"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}
_ITEM: Json = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [_TEXT]}
_HEAD: Json = {
    "id": "resp_1", "object": "response", "created_at": 1, "model": "theirs", "error": None, "incomplete_details": None,
    "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
}  # fmt: skip
_USAGE: Json = {
    "input_tokens": 3, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 2,
    "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 5,
}  # fmt: skip
_BEGUN: Json = {**_HEAD, "status": "in_progress", "output": [], "usage": None}
_DONE: Json = {**_HEAD, "status": "completed", "output": [_ITEM], "usage": _USAGE}
_AT: Json = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
_RESPONSES_ERROR: Json = {
    "error": {"message": "Upstream is sad.", "type": "server_error", "param": None, "code": "sad"}
}
RESPONSES = Talk(
    "openai-responses",
    "/openai-responses",
    _DONE,
    _event("response.created", sequence_number=0, response=_BEGUN)
    + _event("response.in_progress", sequence_number=1, response=_BEGUN),
    _event(
        "response.output_item.added",
        sequence_number=2,
        output_index=0,
        item={**_ITEM, "status": "in_progress", "content": []},
    )
    + _event("response.content_part.added", sequence_number=3, **_AT, part={**_TEXT, "text": ""})
    + _event("response.output_text.delta", sequence_number=4, **_AT, delta="Hel", logprobs=[])
    + _event("response.output_text.delta", sequence_number=5, **_AT, delta="lo", logprobs=[]),
    _event("response.output_text.done", sequence_number=6, **_AT, text="Hello", logprobs=[])
    + _event("response.content_part.done", sequence_number=7, **_AT, part=_TEXT)
    + _event("response.output_item.done", sequence_number=8, output_index=0, item=_ITEM)
    + _event("response.completed", sequence_number=9, response=_DONE),
    _RESPONSES_ERROR,
    _event("error", sequence_number=6, code="server_error", message="Upstream is sad.", param=None),
)

TALKS = {talk.protocol: talk for talk in (CHAT, MESSAGES, GEMINI, RESPONSES)}

_WORDS = {
    400: ("invalid_request_error", "INVALID_ARGUMENT"), 401: ("authentication_error", "UNAUTHENTICATED"),
    403: ("permission_error", "PERMISSION_DENIED"), 404: ("not_found_error", "NOT_FOUND"),
    408: ("timeout_error", "DEADLINE_EXCEEDED"), 409: ("conflict_error", "ABORTED"), 425: ("invalid_request_error", "FAILED_PRECONDITION"),
    413: ("request_too_large", "INVALID_ARGUMENT"), 429: ("rate_limit_error", "RESOURCE_EXHAUSTED"),
    500: ("api_error", "INTERNAL"), 502: ("api_error", "UNAVAILABLE"), 503: ("api_error", "UNAVAILABLE"),
    504: ("timeout_error", "DEADLINE_EXCEEDED"), 529: ("overloaded_error", "UNAVAILABLE"),
}  # fmt: skip
_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
    504: "timeout_error",
}


def refusal(talk: Talk, status: int) -> bytes:
    """The body with which a service of this protocol refuses."""
    ours, theirs = _WORDS.get(status, ("api_error", "UNKNOWN"))
    message = "Upstream says no."
    if talk is MESSAGES:
        return json.dumps(
            {"type": "error", "error": {"type": ours, "message": message}, "request_id": "req_theirs"}
        ).encode()
    if talk is GEMINI:
        return json.dumps({"error": {"code": status, "message": message, "status": theirs}}).encode()
    said = {"message": message, "type": _TYPES.get(status, "server_error"), "param": None, "code": None}
    return json.dumps({"error": said}).encode()
