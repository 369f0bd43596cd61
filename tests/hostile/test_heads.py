"""Whatever stands in a head is answered in the caller's own words, and what could be read in two ways is not served."""

from __future__ import annotations

import pytest

from tests.hostile.scenery import Scenery, scenery
from tests.hostile.surfaces import DEFAULT, SURFACES, Surface
from tests.hostile.table import Case, cases
from tests.support.client import Answer

TABLES = ("heads", "credentials", "bodies")
CASES = [pytest.param(case, id=f"{table}: {case.name}") for table in TABLES for case in cases(table).values()]


@pytest.mark.parametrize("case", CASES)
async def test_what_is_sent_is_answered_as_the_table_says_on_every_protocol(case: Case) -> None:
    async with scenery() as scene:
        for protocol in case.on:
            before = len(scene.seen)
            await check(case, SURFACES[protocol], scene)
            assert len(scene.seen) - before == case.asked, protocol


async def check(case: Case, surface: Surface, scene: Scenery) -> None:
    answers, closed = await scene.exchange(case.bytes_for(surface), len(case.statuses))
    assert tuple(answer.status for answer in answers) == case.statuses, (surface.protocol, [answer.body for answer in answers])
    assert closed == case.closes, surface.protocol
    for answer in answers:
        assert answer.headers["content-type"] == "application/json"
        if answer.status >= 400:
            check_error(case, surface, answer)


def check_error(case: Case, surface: Surface, answer: Answer) -> None:
    """It has the shape of the protocol, says nothing of the server's own library, and repeats little of the client."""
    if case.shape != "any":
        shaped = SURFACES[DEFAULT].shaped if case.shape == "default" else surface.shaped
        assert shaped(answer.status, answer.json), (surface.protocol, answer.body)
    assert answer.headers["x-request-id"] == answer.headers["request-id"]
    assert len(answer.body) < 600
    assert not any(word in answer.body.lower() for word in (b"sanic", b"traceback", b"python", b"orjson", b"<html"))
    if case.code is not None:
        assert case.code.encode() in answer.body
