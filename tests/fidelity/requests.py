"""The request side: every recorded request decoded, written for every protocol, judged, read again and compared.

    python -m tests.fidelity.requests [--only ID]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from torouter.protocol import Call, RequestRejected

from tests.fidelity.canonical import Difference, differences
from tests.inventory.judge import STANDARD, findings, read
from tests.support.corpus import PLAIN, PROTOCOLS, Exchange, exchanges
from tests.support.protocols import protocol

SUBJECTS = (sorted(set(PROTOCOLS.values())), ["gemini-embeddings", "openai-embeddings"], ["gemini-images", "openai-images"])
ACCEPTED = Path(__file__).with_name("accepted_requests.yaml")


@dataclass(frozen=True, slots=True)
class Written:
    """One request written for one protocol.

    `problem` is an exception, `refused` the place that a refusal names, `invalid` what the inventory finds, `changed`
    what reads differently from the target's body and was not reported as lost.
    """

    exchange: Exchange
    target: str
    problem: str = ""
    refused: str = ""
    invalid: tuple[str, ...] = ()
    changed: tuple[Difference, ...] = ()

    @property
    def outcome(self) -> str:
        """The column of the table."""
        if self.problem:
            return "exception"
        return "refused" if self.refused else "invalid" if self.invalid else "changed" if self.changed else "same"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is known and has a reason: a place that reads differently, or one that is refused. Members are patterns."""

    source: str
    target: str
    place: str
    refused: bool
    reason: str

    def covers(self, written: Written, place: str, *, refused: bool) -> bool:
        """Whether this entry is about that place of that request."""
        return (
            self.refused == refused
            and re.fullmatch(self.source, written.exchange.protocol) is not None
            and re.fullmatch(self.target, written.target) is not None
            and re.fullmatch(self.place, place) is not None
        )


def accepted() -> list[Accepted]:
    """The entries of accepted_requests.yaml."""
    entries = YAML(typ="safe", pure=True).load(ACCEPTED)
    return [Accepted(e.get("from", ".*"), e.get("to", ".*"), e["place"], e.get("refused", False), e["reason"]) for e in entries]


def requests(only: str = "") -> list[Exchange]:
    """The recorded requests that were answered with success: what a vendor took, we must be able to write."""
    chosen = [x for x in exchanges(*PROTOCOLS, *PLAIN) if x.ok and only in x.id]
    return [x for x in chosen if x.request is not None and isinstance(x.request["body"], dict)]


def targets(exchange: Exchange) -> list[str]:
    """The protocols that a request can be written for: those of its subject."""
    return next(names for names in SUBJECTS if exchange.protocol in names)


def write(exchange: Exchange, target: str) -> Written:
    """Decode the recorded request, encode it for the target protocol, judge that and decode it again."""
    assert exchange.request is not None
    call = Call(headers=exchange.request["headers"], query=exchange.request["query"], target={"model": "target-model"})
    try:
        request = protocol(exchange.protocol).decode_request(exchange.request["body"], call)
        request["model"] = "target-model"
        call.request = request
        encoded = protocol(target).encode_request(request, call)
        body: dict[str, Any] = json.loads(json.dumps(encoded.body))
        reads = protocol(target).request_decode is not None       # what only providers speak is judged, and not read again
        again = protocol(target).decode_request(body, Call()) if reads else request
    except RequestRejected as refused:
        return Written(exchange, target, refused=refused_place(refused))
    except Exception as problem:
        return Written(exchange, target, problem=f"{type(problem).__name__}: {problem}")
    own = target == exchange.protocol       # a vendor's additions ride to their own protocol
    lost = [loss.general for loss in encoded.losses]
    changed = [d for d in differences(request, again) if not any(d.place == p or d.place.startswith(f"{p}.") for p in lost)]
    invalid = findings(target, "request", body, frozenset(read(target)["x-dialects"]) if own else STANDARD)
    return Written(exchange, target, invalid=tuple(invalid), changed=tuple(changed))


def refused_place(refused: RequestRejected) -> str:
    """The place that a refusal names, without numbers; the whole message where it names none."""
    named = re.match("`([^`]+)`", str(refused))
    return re.sub(r"\[\d+\]", "", named[1]) if named else str(refused)


def unexplained(written: Sequence[Written], known: Sequence[Accepted]) -> list[str]:
    """Every problem, and every difference and refusal that no entry covers, as a line."""
    lines = []
    for w in written:
        name = f"{w.exchange.protocol} > {w.target}  {w.exchange.service}/{w.exchange.id}: "
        lines += [name + line for line in filter(None, (w.problem, *w.invalid))]
        if w.refused and not any(entry.covers(w, w.refused, refused=True) for entry in known):
            lines.append(f"{name}refused: {w.refused}")
        lines += [name + str(d) for d in w.changed if not any(entry.covers(w, d.place, refused=False) for entry in known)]
    return lines


def unused(written: Sequence[Written], known: Sequence[Accepted]) -> list[Accepted]:
    """Entries that cover nothing."""
    told = [(w, d.place, False) for w in written for d in w.changed] + [(w, w.refused, True) for w in written if w.refused]
    return [entry for entry in known if not any(entry.covers(w, place, refused=refused) for w, place, refused in told)]


def table(results: Sequence[Written]) -> str:
    """Counts by outcome, source × target."""
    outcomes = ["same", "changed", "refused", "invalid", "exception"]
    counts = Counter((w.exchange.protocol, w.target, w.outcome) for w in results)
    pairs = sorted({pair[:2] for pair in counts})
    head = f"{'request':<20} {'written as':<20} " + " ".join(f"{o:>9}" for o in outcomes)
    return "\n".join([head, *(f"{a:<20} {b:<20} " + " ".join(f"{counts[a, b, o]:>9}" for o in outcomes) for a, b in pairs)])


def main() -> int:
    """Print every finding without a reason, then the table; exit status 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of the id of a recording")
    options = parser.parse_args()
    results = [write(exchange, target) for exchange in requests(options.only) for target in targets(exchange)]
    lines = unexplained(results, accepted())
    print("\n".join([*lines, table(results)]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
