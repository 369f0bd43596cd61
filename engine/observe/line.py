"""One line of JSON for each request. Bodies and credentials are not in it; what clients write is cut short."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from ..pipeline.credential import credentials_of
from ..pipeline.exchange import Exchange, Incoming
from ..pipeline.outcomes import OK, Attempt
from ..pipeline.redact import SHORTEST
from .redaction import Redactor
from .usage import Used

_PATH = 256
_NAME = 128


def line_of(exchange: Exchange, used: Used, status: int, sent: int, seconds: float, redact: Redactor) -> str:
    """Give the line of a finished request: `status` and `sent` bytes are what the client got."""
    tries, cost, key = exchange.tries, used.cost, exchange.key
    fields: dict[str, object] = {
        "id": exchange.request_id,
        "status": status,
        "ms": _ms(seconds),
        "bytes": sent,
        "outcome": exchange.outcome or OK,
    }
    if exchange.endpoint is not None:
        fields["endpoint"] = exchange.endpoint.id
    if key is not None:
        fields["key"], fields["group"] = key.id, key.group
    if exchange.model:
        fields["model"] = exchange.model[:_NAME]
    if exchange.target is not None:
        fields["provider"] = exchange.target.provider.id
    if exchange.stream:
        fields["stream"] = True
    if tries and (first := tries[-1].first) is not None:
        fields["first_ms"] = _ms(first)
    fields["attempts"] = len(tries)
    if _is_told(tries):
        fields["tried"] = [_tried(attempt) for attempt in tries]
    if used.tokens is not None:
        fields["tokens"] = used.tokens
    if cost is not None:
        fields["costs"] = f"{cost[0] / 10**9:.9f} {cost[1]}"
    if lost := exchange.lost:
        fields["lost"] = lost
    if exchange.estimated:
        fields["estimated"] = True
    return redact(line_with(exchange.incoming, fields), *_own(exchange))


def line_with(incoming: Incoming, fields: Mapping[str, object]) -> str:
    """Write a line; the query is left out, for it may hold a credential, also where it lacks its question mark."""
    path, sign, _ = incoming.path[:_PATH].partition("=")
    return orjson.dumps({"method": incoming.method, "path": path + sign, **fields}).decode()


def _is_told(tries: list[Attempt]) -> bool:
    """Whether the attempts say more than the line does."""
    return len(tries) > 1 or (len(tries) == 1 and tries[0].outcome != OK)


def _tried(attempt: Attempt) -> Mapping[str, object]:
    fields = {
        "provider": attempt.provider,
        "model": attempt.model[:_NAME],
        "outcome": attempt.outcome,
        "status": attempt.status or None,
        "code": attempt.code[:_NAME] or None,
        "ms": _ms(attempt.seconds),
        "waited_ms": _ms(attempt.waited),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _own(exchange: Exchange) -> set[str]:
    """The credentials that the request itself came with: clients put them into wrong places, too."""
    found = exchange.credentials
    if not found:  # perhaps nobody has looked
        endpoints = [exchange.endpoint] if exchange.endpoint is not None else exchange.snapshot.endpoints
        found = {value for endpoint in endpoints for value in credentials_of(exchange, endpoint)}
    return {value for value in found if len(value) >= SHORTEST}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
