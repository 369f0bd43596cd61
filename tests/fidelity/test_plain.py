"""Every recorded vector and image comes to every client of its subject as the library of its own vendor reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fidelity.gateway import real_doors
from tests.fidelity.inprocess import inprocess_doors
from tests.fidelity.plain import READERS, Reading, compare, recordings, table
from tests.support.corpus import require

pytestmark = [pytest.mark.corpus, pytest.mark.sdk]


def judge(readings: Sequence[Reading]) -> None:
    """Print the table; fail on anything that is not equal."""
    print("\n" + table(readings))
    wrong = [f"{r.client} < {r.exchange.id}: {str(r.got)[:200]}" for r in readings if r.got != r.want]
    assert not wrong, "\n".join(wrong)
    assert {reading.exchange.protocol for reading in readings} == set(READERS)


async def test_the_gateway_keeps_every_recorded_vector_and_image(tmp_path: Path) -> None:
    require()
    chosen = recordings()
    async with real_doors(tmp_path / "user", chosen, READERS) as doors:
        judge(await compare(doors, chosen))


async def test_the_protocols_keep_them_also_when_client_and_upstream_speak_the_same_one() -> None:
    require()
    chosen = recordings()
    async with inprocess_doors(chosen, READERS) as doors:
        judge(await compare(doors, chosen))
