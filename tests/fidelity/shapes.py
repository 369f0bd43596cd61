"""What a client is sent, held against the inventory of its protocol's fields and the grammar of its stream.

Semantic equality alone would pass a stream with one part per token, or a body that lacks what typed clients insist on.
"""

from __future__ import annotations

import json

from tests.inventory.judge import Allowed, findings as fields, read
from tests.inventory.native import fails
from tests.support.grammar import grammar, violations

OURS: Allowed = frozenset({"torouter"})     # what the gateway adds to answers, and says so


def allowed(client: str, upstream: str) -> Allowed:
    """Whose additions may be seen: the gateway's, and those of any vendor that speaks the client's protocol."""
    return frozenset(read(client)["x-dialects"]) if client == upstream else OURS


def findings(protocol: str, payload: bytes, *, streamed: bool, dialects: Allowed = OURS) -> list[str]:
    """Everything wrong with an answer, or an error, in this protocol."""
    if not streamed:
        body = json.loads(payload)
        return fields(protocol, "error" if fails(body) else "response", body, dialects)
    known = grammar(protocol)
    told = [json.loads(frame.text) for frame in known.frames(payload.decode()) if frame.text != known.end]
    found = []
    for event in told:
        found += fields(protocol, "error" if fails(event) else "event", event, dialects)
    return found + violations(protocol, payload)
