"""One scenario recorded at several vendors: what their own clients sent reads the same, or the difference has a reason.

    python -m tests.fidelity.pairs [--only SCENARIO]

Clients chose their settings for each vendor, and every model answered in its own words: what a model said is compared by
its shape alone.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from torouter.protocol import Call

from tests.fidelity.canonical import Difference, differences
from tests.support.corpus import PROTOCOLS, Exchange, exchanges, root
from tests.support.protocols import protocol

Json = dict[str, Any]
EXPLAINED = Path(__file__).with_name("explained_pairs.yaml")


@dataclass(frozen=True, slots=True)
class Pair:
    """The same step of one scenario, recorded in two protocols."""

    scenario: str
    left: Exchange
    right: Exchange

    def differences(self) -> list[Difference]:
        """What the two requests say differently, what models said aside."""
        return differences(shape(decoded(self.left)), shape(decoded(self.right)))


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference between clients that has a reason. The members are patterns for the whole name."""

    place: str
    scenario: str
    reason: str

    def covers(self, pair: Pair, found: Difference) -> bool:
        """Whether this entry is about that difference."""
        return re.fullmatch(self.place, found.place) is not None and re.fullmatch(self.scenario, pair.scenario) is not None


def explained() -> list[Explained]:
    """The entries of explained_pairs.yaml."""
    return [Explained(e["place"], e.get("scenario", ".*"), e["reason"]) for e in YAML(typ="safe", pure=True).load(EXPLAINED)]


def pairs(only: str = "") -> Iterator[Pair]:
    """Every pair of recordings of the same step of a scenario whose protocols differ."""
    known = {(x.service, x.id): x for x in exchanges(*PROTOCOLS) if x.ok and x.request and isinstance(x.request["body"], dict)}
    for scenario in json.loads((root() / "exchanges" / "PAIRS.json").read_bytes()):
        if only not in scenario["scenario"]:
            continue
        steps: dict[str, dict[str, Exchange]] = {}
        for service, ids in scenario["members"].items():
            for name in ids:
                if (service, name) in known:
                    step = re.fullmatch(r"(?:.*-)?(\d+)-[0-9a-f]+", name)
                    steps.setdefault(step[1] if step else "", {}).setdefault(known[service, name].protocol, known[service, name])
        for members in steps.values():
            yield from (Pair(scenario["scenario"], members[a], members[b]) for a, b in combinations(sorted(members), 2))


def decoded(exchange: Exchange) -> Json:
    """The canonical request that a recorded client sent."""
    assert exchange.request is not None
    call = Call(headers=exchange.request["headers"], query=exchange.request["query"])
    return {**protocol(exchange.protocol).decode_request(exchange.request["body"], call), "stream": exchange.streamed}


def shape(request: Json) -> Json:
    """A request in which what a model said, and what answers it, is told by its kind, its place and its tool's name."""
    numbers: dict[str, str] = {}

    def part(item: Json, role: str) -> Json:
        kind = item["kind"]
        if kind in ("tool_call", "tool_result"):
            number = numbers.setdefault(item["id"], f"call {len(numbers)}")
            return {"kind": kind, "id": number} | ({"name": item["name"]} if kind == "tool_call" else {})
        return {"kind": kind, "text": "said"} if role == "assistant" else item

    turns = [
        {**turn, "parts": [part(item, turn["role"]) for item in turn["parts"] if item["kind"] != "reasoning"]}
        for turn in request.get("turns", [])
    ]
    tools = [{**tool, "schema": essence(tool["schema"])} if "schema" in tool else tool for tool in request.get("tools", [])]
    told = {**request, "turns": turns} | ({"tools": tools} if tools else {})
    form = request.get("format", {})
    return told | ({"format": {**form, "schema": essence(form["schema"])}} if "schema" in form else {})


ESSENCE = ("type", "properties", "items", "enum", "anyOf")


def essence(schema: Any) -> Any:
    """What a schema says of names and types; clients add titles, order and strictness for each vendor."""
    if isinstance(schema, list):
        return [essence(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {}
    plain = {key: schema[key] for key in ESSENCE if key in schema}
    if "properties" in plain:
        plain["properties"] = {name: essence(member) for name, member in sorted(plain["properties"].items())}
    return plain | {key: essence(plain[key]) for key in ("items", "anyOf") if key in plain}


def unexplained(chosen: Sequence[Pair], known: Sequence[Explained]) -> list[str]:
    """Every difference that no entry covers, as a line."""
    return [
        f"{pair.scenario}  {pair.left.service}/{pair.left.id} > {pair.right.service}/{pair.right.id}: {found}"
        for pair in chosen
        for found in pair.differences()
        if not any(entry.covers(pair, found) for entry in known)
    ]


def main() -> int:
    """Print every difference without a reason, then counts; exit status 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of the name of a scenario")
    chosen = list(pairs(parser.parse_args().only))
    known = explained()
    lines = unexplained(chosen, known)
    same = sum(not pair.differences() for pair in chosen)
    kinds = Counter(found.place for pair in chosen for found in pair.differences())
    print("\n".join(lines))
    print("\n".join(f"{count:>6}  {place}" for place, count in kinds.most_common()))
    print(f"{len(chosen)} pairs of {len({pair.scenario for pair in chosen})} scenarios; {same} say the same, {len(lines)} unexplained")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
