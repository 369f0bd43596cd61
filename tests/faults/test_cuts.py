"""A stream that is cut, at whatever byte, is an error or was whole; one that is only sliced loses nothing."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.clients import VOICES, Told, Voice
from tests.faults.scenery import PATIENCE, Stage, short, through
from tests.faults.talks import TALKS
from tests.support.toxic import Toxic, ToxicProxy

HEAD = len(b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ncontent-length: 1234\r\n\r\n")
STREAMS = [voice for voice in VOICES if voice.streams]


async def cut(stage: Stage, proxy: ToxicProxy, voice: Voice, to: str, at: int, *, reset: bool) -> Told:
    """What a client gets of an answer that ends behind so many bytes."""
    proxy.down = Toxic(limit=at, reset=reset)
    stage.forget()
    return await stage.ask(voice, f"default-alone-{short(voice)}-{to}")


@pytest.mark.parametrize("to", TALKS)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_stream_that_is_cut_is_an_error_or_was_whole(to: str, reset: bool) -> None:
    async with asyncio.timeout(3 * PATIENCE), through(VOICES) as (stage, proxy):
        size = HEAD + len(TALKS[to].stream)
        for turn, at in enumerate(range(1, size, 41 if not reset else 67)):
            voice = STREAMS[turn % len(STREAMS)]
            told = await cut(stage, proxy, voice, to, at, reset=reset)
            [attempt] = stage.exchanges[told.headers["x-request-id"]].tries
            assert told.whole, at
            if told.good:
                assert (at, told.text, told.ends, attempt.outcome) == (at, "Hello", 1, "ok")
            else:
                assert (at, len(told.errors), "Hello".startswith(told.text)) == (at, 1, True)
                assert attempt.outcome in {"truncated", "reset", "malformed"}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("to", TALKS)
async def test_a_stream_in_small_pieces_says_the_same(to: str, size: int) -> None:
    async with asyncio.timeout(PATIENCE), through(VOICES) as (stage, proxy):
        proxy.down = Toxic(pieces=size)
        told = await asyncio.gather(*(stage.ask(voice, f"default-alone-{short(voice)}-{to}") for voice in VOICES))
    assert [(said.good, said.text, said.ends) for said in told] == [(True, "Hello", 1)] * len(VOICES)


@pytest.mark.parametrize("to", TALKS)
async def test_a_slow_stream_says_the_same(to: str) -> None:
    async with asyncio.timeout(PATIENCE), through(VOICES) as (stage, proxy):
        proxy.down = Toxic(pieces=200, latency=0.005)
        told = await asyncio.gather(*(stage.ask(voice, f"default-alone-{short(voice)}-{to}") for voice in VOICES))
    assert [(said.good, said.text, said.ends) for said in told] == [(True, "Hello", 1)] * len(VOICES)


@pytest.mark.parametrize("to", TALKS)
async def test_a_stream_that_stops_is_a_timeout(to: str) -> None:
    async with asyncio.timeout(PATIENCE), through(VOICES) as (stage, proxy):
        proxy.down = Toxic(limit=HEAD + len(TALKS[to].opening + TALKS[to].saying), hold=True)
        told = await asyncio.gather(*(stage.ask(voice, f"hasty-alone-{short(voice)}-{to}") for voice in STREAMS))
    assert [(said.good, said.ends, len(said.errors)) for said in told] == [(False, 0, 1)] * len(STREAMS)
    assert {attempt.outcome for exchange in stage.exchanges.values() for attempt in exchange.tries} == {"idle"}
