"""The request side: every recorded request decoded, encoded for both protocols, and held against the vendors' schemas.

    python -m tests.fidelity.requests [--only ID]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from torouter.protocol import Call, RequestRejected

from tests.support.corpus import PROTOCOLS, Exchange, exchanges, root
from tests.support.protocols import protocol


@dataclass(frozen=True, slots=True)
class Written:
    """One request written for one protocol; `problem` is an exception, `rejected` a refusal, `invalid` schema findings."""

    exchange: Exchange
    target: str
    problem: str = ""
    rejected: str = ""
    invalid: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """The column of the table."""
        if self.problem:
            return "exception"
        return "rejected" if self.rejected else "invalid" if self.invalid else "valid"


def requests(only: str = "") -> list[Exchange]:
    """The recorded requests that were answered with success: what a vendor took, we must be able to write."""
    chosen = [x for x in exchanges(*PROTOCOLS) if x.ok and only in x.id and x.mandatory]
    return [x for x in chosen if x.request is not None and isinstance(x.request["body"], dict)]


def write(exchange: Exchange, target: str) -> Written:
    """Decode the recorded request and encode it for the target protocol."""
    assert exchange.request is not None
    call = Call(headers=exchange.request["headers"], query=exchange.request["query"], target={"model": "target-model"})
    try:
        request = protocol(exchange.protocol).decode_request(exchange.request["body"], call)
        request["model"] = "target-model"
        call.request = request
        encoded = protocol(target).encode_request(request, call)
    except RequestRejected as refused:
        return Written(exchange, target, rejected=str(refused))
    except Exception as problem:
        return Written(exchange, target, problem=f"{type(problem).__name__}: {problem}")
    losses = tuple(f"{loss.path}: {loss.severity}" for loss in encoded.losses)
    # A schema is fit to judge only what it accepts from the vendor's own clients.
    judged = target != exchange.protocol or not findings(target, exchange.request["body"])
    return Written(exchange, target, invalid=findings(target, encoded.body) if judged else (), losses=losses)


def findings(target: str, body: dict[str, Any]) -> tuple[str, ...]:
    """What the vendor's schema finds wrong with a body."""
    return tuple(f"{error.json_path}: {error.message[:200]}" for error in SCHEMAS[target]().iter_errors(body))


@cache
def chat_schema() -> Draft202012Validator:
    """The published schema of a chat request."""
    spec = json.loads((root() / "specs" / "openai.openapi.trimmed.json").read_bytes())
    return Draft202012Validator({"$ref": "#/components/schemas/CreateChatCompletionRequest", "components": spec["components"]})


@cache
def messages_schema() -> Draft202012Validator:
    """The schema of a messages request, of the library's own types; it pins `stream` and lacks three settings."""
    spec = json.loads((root() / "specs" / "anthropic.sdk.schema.json").read_bytes())
    body = spec["roots"]["BetaMessageCreateParams"]
    known = {**spec, **body}
    for schema in _objects(known):
        for member in ("stream", "temperature", "top_k", "top_p"):
            if "max_tokens" in schema.get("properties", {}):
                schema["properties"][member] = {}
    return Draft202012Validator(known)


def _objects(schema: Any) -> list[dict[str, Any]]:
    found, queue = [], [schema]
    while queue:
        item = queue.pop()
        if isinstance(item, dict):
            found.append(item)
            queue.extend(item.values())
        elif isinstance(item, list):
            queue.extend(item)
    return found


SCHEMAS: dict[str, Callable[[], Draft202012Validator]] = {"openai-chat": chat_schema, "anthropic-messages": messages_schema}


def table(results: Sequence[Written]) -> str:
    """Counts by outcome, source × target."""
    outcomes = ["valid", "invalid", "rejected", "exception"]
    counts = Counter((w.exchange.protocol, w.target, w.outcome) for w in results)
    pairs = sorted({pair[:2] for pair in counts})
    head = f"{'request':<20} {'written as':<20} " + " ".join(f"{o:>9}" for o in outcomes)
    return "\n".join([head, *(f"{a:<20} {b:<20} " + " ".join(f"{counts[a, b, o]:>9}" for o in outcomes) for a, b in pairs)])


def main() -> int:
    """Print every finding, then the table; exit status 1 after an exception."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of the id of a recording")
    options = parser.parse_args()
    results = [write(exchange, target) for exchange in requests(options.only) for target in SCHEMAS]
    for result in results:
        for line in filter(None, (result.problem, result.rejected, *result.invalid[:5])):
            print(f"{result.exchange.protocol} > {result.target}  {result.exchange.service}/{result.exchange.id}\n    {line}")
    print("\n" + table(results))
    return 1 if any(result.problem for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
