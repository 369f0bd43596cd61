"""The load and the canned provider, on a real connection; answers that are wrong are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import product

import pytest
import pytest_asyncio

from bench import load, targets
from bench.canned import ANSWERS
from bench.upstream import Provider
from bench.work import BURST, CHAT, JSON, SLOW_WORK, WORK, Work

WHOLE, STREAM = Work(JSON, CHAT, CHAT), Work(BURST, CHAT, CHAT)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def ask(port: int, work: Work, check: object = None, **given: int) -> load.Seen:
    request = load.post(work.path, {}, work.body(work.pace))
    return await load.run(port, request, check or work.wrong, **{"connections": 2, "count": 3, **given})


@pytest.mark.parametrize("work", [work for work in WORK if work.same], ids=lambda work: work.name)
async def test_every_kind_of_work_gets_its_right_answer(port: int, work: Work):
    seen = await ask(port, work)
    assert seen.done == 6


async def test_the_time_of_each_request_is_noted(port: int):
    seen = await ask(port, WHOLE, connections=1, count=4)
    assert len(seen.seconds) == 4


async def test_a_wrong_answer_ends_the_run(port: int):
    with pytest.raises(load.WrongAnswer, match="not so"):
        await ask(port, WHOLE, lambda body: "not so")


async def test_a_status_other_than_200_is_a_wrong_answer(port: int):
    with pytest.raises(load.WrongAnswer, match="status 404"):
        await load.run(port, load.post("/nowhere", {}, b"{}"), WHOLE.wrong, connections=1, count=1)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stream_that_lacks_a_word_or_its_end_is_wrong(name: str):
    work, frames = Work(BURST, name, name), ANSWERS[name].stream(200)
    assert work.wrong(b"".join(frames)) == ""
    assert work.wrong(b"".join(frames[:100])).endswith(" words")
    assert work.wrong(b"word " * 200) == "no end"


def test_every_target_of_the_file_can_be_asked_for_something():
    for target, work in product(targets.read(), [*WORK, *SLOW_WORK]):
        if target.reaches(work):
            assert targets.request(target, work, 1).startswith(b"POST /v1/")
    assert {it.name for it in targets.read() if not it.peer} == {"direct", "floor", "parsing floor", "ours"}


def test_ours_is_asked_for_everything():
    [ours] = [it for it in targets.read() if it.name == "ours"]
    assert all(map(ours.reaches, [*WORK, *SLOW_WORK]))
