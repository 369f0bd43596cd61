"""Errors of the gateway itself, and how any error becomes an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ..protocol import Call, WireProtocol

STATUS = {
    "invalid_request": 400,
    "unsupported": 400,
    "context_length": 400,
    "content_filter": 400,
    "authentication": 401,
    "billing": 402,
    "permission": 403,
    "not_found": 404,
    "conflict": 409,
    "too_large": 413,
    "unprocessable": 422,
    "rate_limit": 429,
    "quota": 429,
    "client_closed": 499,
    "server": 500,
    "bad_gateway": 502,
    "upstream_auth": 502,
    "unavailable": 503,
    "overloaded": 503,
    "timeout": 504,
}


class Problem(Exception):
    """The request ends here with a canonical error, and `headers` beside those that the protocol wants."""

    def __init__(
        self, kind: str, message: str, *, headers: Mapping[str, str] | None = None, **members: str | float | None
    ) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"kind": kind, "message": message, "status": STATUS[kind]}
        self.error.update({name: value for name, value in members.items() if value is not None})
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> Problem:
        """The problem that a canonical error describes, with what it lacks filled in."""
        kind = error.get("kind") if error.get("kind") in STATUS else "server"
        problem = cls(str(kind), str(error.get("message") or "The request failed."))
        problem.error.update({name: value for name, value in error.items() if value is not None and name != "kind"})
        return problem


def is_too_deep(fault: BaseException) -> bool:
    """Whether a fault says that something is nested too deeply to be read or written.

    The writer of JSON has no error of its own for it: its errors are those of any wrong type.
    """
    return isinstance(fault, RecursionError) or (isinstance(fault, orjson.JSONEncodeError) and "ecursion" in str(fault))


def render(
    problem: Problem, protocol: WireProtocol | None, call: Call | None, request_id: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer that says the problem in the client's protocol.

    Without a protocol the body is the canonical error.
    """
    error = {**problem.error, "request_id": request_id}
    if protocol is None:
        status, headers, body = int(error["status"]), {}, {"error": error}
    else:
        status, declared, body = protocol.encode_error(error, call or Call({}, {}, {}))
        headers = {name.lower(): value for name, value in declared.items()}
    if "retry_after" in error:
        headers.setdefault("retry-after", f"{error['retry_after']:g}")
    headers.update(problem.headers)
    headers["content-type"] = "application/json"
    return status, headers, orjson.dumps(body)
