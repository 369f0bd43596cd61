"""What can go wrong while a message is translated, as canonical errors."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class TranslationError(Exception):
    """A message cannot be translated; `error` is a canonical error."""

    def __init__(self, error: Json) -> None:
        super().__init__(error.get("message", ""))
        self.error = error


class RequestRejected(TranslationError):
    """The client's request cannot be decoded or encoded."""


class UpstreamErrorBody(TranslationError):
    """A body that came with a success status says an error."""


def invalid_request(message: str, param: str | None = None) -> Json:
    """Make the canonical error of a request that is wrong; `param` names the member."""
    error: Json = {"kind": "invalid_request", "status": 400, "message": message}
    return error if param is None else {**error, "param": param}
