"""Every recorded 2xx answer, replayed as upstream of a gateway and read by the official libraries.

In this process every client reads every recording; the real gateway, which costs more, shows each to one client in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fidelity.compare import Result, accepted, compare, recordings, table
from tests.fidelity.gateway import real_doors
from tests.fidelity.inprocess import inprocess_doors
from tests.fidelity.readers import READERS
from tests.support.corpus import require

# The library warns of a word that it does not know, and reads on; the recording has one.
UNKNOWN_WORD = pytest.mark.filterwarnings("ignore:.* is not a valid :UserWarning:google.genai")
pytestmark = [pytest.mark.corpus, pytest.mark.sdk, UNKNOWN_WORD]


def judge(results: Sequence[Result]) -> None:
    """Print the table; fail on a difference of a mandatory recording that has no accepted reason."""
    print("\n" + table(results))
    known = accepted()
    misses = [
        f"{r.client} < {r.exchange.service}/{r.exchange.id}: {line}"
        for r in results
        for line in r.differences
        if r.exchange.mandatory and not any(entry.covers(r, line) for entry in known)
    ]
    assert not misses, f"{len(misses)} differences\n" + "\n".join(misses[:40]) + "\n" + table(results)


async def test_the_gateway_keeps_the_meaning_of_every_recorded_answer(tmp_path: Path) -> None:
    require()
    chosen, clients = recordings(), list(READERS)
    async with real_doors(tmp_path / "user", chosen) as doors:
        turns = [await compare(doors, chosen[place :: len(clients)], [client]) for place, client in enumerate(clients)]
    results = [result for turn in turns for result in turn]
    assert {result.exchange.id for result in results} == {exchange.id for exchange in chosen}
    judge(results)


async def test_the_protocols_keep_the_meaning_also_when_client_and_upstream_speak_the_same_one() -> None:
    require()
    chosen = recordings()
    async with inprocess_doors(chosen) as doors:
        results = await compare(doors, chosen, READERS)
    judge(results)
    used = {entry for entry in accepted() for r in results for line in r.differences if entry.covers(r, line)}
    assert used == set(accepted()), "an accepted difference no longer occurs"
