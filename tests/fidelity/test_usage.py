"""The tokens of answers that only pass through are those that a whole decoding tells, on every recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from torouter.observe.usage import tokens_of
from torouter.protocol import Call, UpstreamErrorBody

from tests.support import corpus
from tests.support.protocols import spoken

pytestmark = pytest.mark.corpus
DIALECTS = tuple(corpus.PROTOCOLS)
AT_LEAST = 100      # recordings of each sort that tell tokens; fewer would mean that none were looked at


def recorded(*, streamed: bool) -> Iterator[corpus.Exchange]:
    corpus.require()
    return (it for it in corpus.exchanges(*DIALECTS) if it.ok and it.mandatory and it.streamed is streamed)


def named(exchange: corpus.Exchange, found: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return exchange.id, {name: found[name] for name in sorted(found) if name != "native"}


def test_a_whole_answer_tells_the_same_tokens_by_its_counts_alone() -> None:
    alone, whole = [], []
    for exchange in recorded(streamed=False):
        body, wire, one, two = exchange.response["body"], spoken(exchange), Call(), Call()
        if not isinstance(body, dict):
            continue
        try:
            wire.decode_response(body, two)
        except UpstreamErrorBody:
            continue
        assert wire.response_decode is not None
        assert wire.response_decode.usage is not None      # else the whole mapping runs for it
        wire.count_answer(body, one)
        alone.append(named(exchange, one.usage))
        whole.append(named(exchange, two.usage))
    assert alone == whole
    assert sum(1 for _, usage in alone if tokens_of(usage)) > AT_LEAST


def test_a_stream_that_is_only_watched_tells_the_same_tokens_as_one_that_is_decoded() -> None:
    watched, decoded = [], []
    for exchange in recorded(streamed=True):
        wire, one, two = spoken(exchange), Call(), Call()
        watch, decoder = wire.stream_watch(one), wire.stream_decoder(two, wire)
        watch.feed(exchange.payload)
        watch.close()
        last = [*decoder.feed(exchange.payload), *decoder.close()][-1]
        watched.append(named(exchange, one.usage))
        decoded.append(named(exchange, last.get("response", {}).get("usage", {})))
    assert watched == decoded
    assert sum(1 for _, usage in watched if tokens_of(usage)) > AT_LEAST
