"""Every recording through a gateway, read by every client library, compared with what the native library reads."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.fidelity.door import Ask, Door
from tests.fidelity.meaning import Meaning, differences, expected
from tests.fidelity.native import read_natively
from tests.fidelity.readers import READERS
from tests.fidelity.routes import public_name
from tests.support.corpus import PROTOCOLS, Exchange, exchanges

CONCURRENCY = 8


@dataclass(frozen=True, slots=True)
class Result:
    """One recording read by one client; no differences means equal in meaning."""

    exchange: Exchange
    client: str
    differences: tuple[str, ...]

    @property
    def cell(self) -> tuple[str, str, str]:
        """Where it stands in the table: client, upstream with its vendors, kind of answer."""
        upstream = self.exchange.protocol if self.exchange.mandatory else f"{self.exchange.protocol} (others)"
        return self.client, upstream, "SSE" if self.exchange.streamed else "JSON"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A difference that is known and has a reason. The patterns match the whole id, client and difference."""

    id: str
    client: str
    member: str
    reason: str

    def covers(self, result: Result, difference: str) -> bool:
        """Whether this entry is about that difference."""
        return (
            re.fullmatch(self.id, result.exchange.id) is not None
            and re.fullmatch(self.client, result.client) is not None
            and re.match(self.member, difference) is not None
        )


def recordings(only: str = "", upstream: str = "") -> list[Exchange]:
    """The 2xx recordings of every protocol; `only` is part of an id, `upstream` a protocol's name."""
    return [x for x in exchanges(*PROTOCOLS) if x.ok and only in x.id and upstream in ("", x.protocol)]


async def compare(doors: dict[str, Door], chosen: Sequence[Exchange], clients: Iterable[str]) -> list[Result]:
    """Read every recording through the client's door. A door is a way into a gateway."""
    gate, clients = asyncio.Semaphore(CONCURRENCY), list(clients)

    async def one(exchange: Exchange) -> list[Result]:
        async with gate:
            native = await read_natively(exchange)
            return [await read(doors[client], exchange, client, native) for client in clients]

    return [result for results in await asyncio.gather(*map(one, chosen)) for result in results]


async def read(door: Door, exchange: Exchange, client: str, native: Meaning) -> Result:
    """Read one recording through one client's door, and hold it against what its own client reads."""
    tools = tuple(tool for answer in native.answers for tool in answer.tools)
    try:
        got = await READERS[client](door, Ask(public_name(exchange), exchange.streamed, tools))
    except Exception as problem:   # whatever a library raises is a finding, not the end of the run
        cause = problem.__cause__ or problem
        return Result(exchange, client, (f"exception: {type(problem).__name__}: {type(cause).__name__}: {cause}",))
    return Result(exchange, client, tuple(explain(expected(native, exchange.protocol, client), got)))


def explain(want: Meaning, got: Meaning) -> list[str]:
    """The differences, with the message of an error that should not have been."""
    found = differences(want, got)
    return [f"{line} ({got.message})" if line.startswith("error") and got.message else line for line in found]


def accepted() -> list[Accepted]:
    """The known differences, from accepted.yaml."""
    entries = YAML(typ="safe", pure=True).load(Path(__file__).with_name("accepted.yaml")) or []
    return [Accepted(e["id"], e.get("client", ".*"), e.get("member", ""), e["reason"]) for e in entries]


def table(results: Sequence[Result]) -> str:
    """Passed of total, client × upstream, JSON and SSE apart."""
    total = Counter(r.cell for r in results)
    passed = Counter(r.cell for r in results if not r.differences)
    rows = sorted({(client, upstream) for client, upstream, _ in total})
    lines = [f"{'client':<20} {'upstream':<28} {'JSON':>9} {'SSE':>9}"]
    for client, upstream in rows:
        kinds = [(client, upstream, kind) for kind in ("JSON", "SSE")]
        lines.append(f"{client:<20} {upstream:<28} " + " ".join(f"{passed[k]:>4}/{total[k]:<4}" for k in kinds))
    return "\n".join(lines)
