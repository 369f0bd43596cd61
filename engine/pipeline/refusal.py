"""What an upstream says when it does not answer: an error with a status."""

from __future__ import annotations

from typing import Any

import orjson

from ..compile.snapshot import Target
from ..routing.waits import wait_of
from ..upstream.client import UpstreamResponse
from ..upstream.errors import UpstreamError
from .errors import Problem
from .exchange import Exchange
from .outcomes import Failed, names_of_refusal
from .plan import Plan

_OUR_CREDENTIAL_REFUSED = frozenset({401, 402, 403})
_ERROR_BODY_CAP = 1024 * 1024
_OF_LOAD = frozenset({"rate_limit", "quota", "overloaded", "unavailable"})
_PLAIN = "retry-after"


async def refusal(exchange: Exchange, target: Target, response: UpstreamResponse, plan: Plan) -> Failed:
    """The failure that an answer with an error status means.

    A refused credential is ours, not the client's. On passthrough a JSON body is kept as it is.
    """
    status = response.status
    if status < 400:
        problem = Problem("bad_gateway", "The upstream redirected the request.", code="upstream_redirect")
        return Failed(problem, ("malformed",), status=status)
    raw = await _error_body(response)
    try:
        document: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        document = raw.decode("utf-8", "replace")
    error = dict(plan.upstream.decode_error(status, response.headers, document))
    ours = status in _OUR_CREDENTIAL_REFUSED or error["kind"] == "upstream_auth"
    if ours:
        error = {"kind": "upstream_auth", "status": 502, "code": "upstream_auth"}
        error["message"] = "The upstream refused the gateway's credential."
    wait = _wait(exchange, target, response, error)
    if wait is not None:
        error["retry_after"] = min(wait, target.policy.retry_after_max)
    problem = Problem.of(error)
    believed = wait is not None and wait <= target.policy.retry_after_max
    kept = {name: text for name, text in exchange.returned.items() if believed or not name.startswith(_PLAIN)}
    problem.headers.update(kept)
    untouched = plan.forwards and isinstance(document, dict) and not ours
    names = names_of_refusal(status, str(error["kind"]))
    return Failed(problem, names, raw=raw if untouched else None, status=status, wait=wait)


def _wait(exchange: Exchange, target: Target, response: UpstreamResponse, error: dict[str, Any]) -> float | None:
    """Seconds that the upstream asks for, in a header or else in its body.

    Headers that tell of a limit stand in every answer; they mean something where that limit is what failed.
    """
    names = target.policy.retry_after
    if error["kind"] not in _OF_LOAD:
        names = [name for name in names if name.startswith(_PLAIN)]
    wait, said = wait_of(response.headers, names, exchange.routing.wall()), error.pop("retry_after", None)
    if wait is None and isinstance(said, int | float) and 0 <= said < float("inf"):
        return float(said)
    return wait


async def _error_body(response: UpstreamResponse) -> bytes:
    """As much of an error's body as arrives; it explains, nothing depends on it."""
    parts: list[bytes] = []
    size = 0
    try:
        async for chunk in response.aiter_raw():
            parts.append(chunk)
            size += len(chunk)
            if size > _ERROR_BODY_CAP:
                break
    except UpstreamError:
        pass
    return b"".join(parts)
