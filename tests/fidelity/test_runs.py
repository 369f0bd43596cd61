"""Frames that are alike are read at once, and nobody can tell: every recorded stream, on every way, cut in two ways."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from tests.support import corpus
from tests.support.protocols import protocol, spoken
from tests.support.runs import followed, hits, ways

pytestmark = pytest.mark.corpus
CLIENTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini-generate")
LONG = 6000


def streams() -> Iterator[corpus.Exchange]:
    corpus.require()
    return (it for it in corpus.exchanges(*corpus.PROTOCOLS) if it.streamed and it.ok)


def cut(exchange: corpus.Exchange) -> Iterator[Sequence[bytes]]:
    """The whole of a stream at once, and in pieces as they come from a network."""
    payload, chance, pieces, at = exchange.payload, random.Random(exchange.id), [], 0
    yield [payload]
    while at < len(payload):
        size = chance.randrange(200, 9000)
        pieces.append(payload[at : at + size])
        at += size
    yield pieces


@pytest.mark.parametrize("way", ["through", "through and kept", *(f"to {name}" for name in CLIENTS)])
def test_what_comes_of_a_recorded_stream_is_the_same_read_at_once_and_one_by_one(way: str) -> None:
    clients, seen = [protocol(name) for name in CLIENTS], 0
    for exchange in streams():
        make = ways(spoken(exchange), clients)[way]
        for chunks in cut(exchange):
            assert followed(make, chunks, runs=True) == followed(make, chunks, runs=False), exchange.id
        seen += 1
    assert seen > 100


def test_of_long_recorded_streams_most_frames_are_not_read_one_by_one() -> None:
    at_once = frames = 0
    for exchange in streams():
        if len(exchange.payload) > LONG:
            at_once += hits(ways(spoken(exchange), [])["through"], [exchange.payload])
            frames += exchange.payload.count(b"\r\n\r\n") or exchange.payload.count(b"\n\n")
    assert at_once > frames / 2
