"""What an attempt leaves for those who count: tokens, prices, waiting, and why it failed."""

from __future__ import annotations

from dataclasses import replace

from torouter.compile.policy import Rule
from torouter.compile.prices import Price

from ..support.fake import POLICY, FakeProvider, FakeSnapshot, FakeTarget
from ..support.inside import Inside, Said, failing, refusing

PRICE = Price("USD", 0.0, 0, {"input": 1})
A = FakeTarget(FakeProvider("http://a", id="a"), prices=(PRICE,))
B = FakeTarget(FakeProvider("http://b", ("line-talk",), id="b"))


async def test_a_whole_answer_that_passes_through_tells_its_tokens() -> None:
    inside = Inside(FakeSnapshot({"m": [A]}), {"a": Said(body=b'{"word":"hi","usage":{"input":3,"output":2}}')})
    _, exchange = await inside.ask()
    assert exchange.tries[0].usage == {"input": 3, "output": 2}
    assert exchange.tries[0].prices == (PRICE,)


async def test_a_translated_answer_tells_its_tokens() -> None:
    inside = Inside(FakeSnapshot({"m": [B]}), {"b": Said(body=b'{"token":"hi","usage":{"input":3}}')})
    _, exchange = await inside.ask()
    assert exchange.tries[0].usage == {"input": 3}


async def test_a_stream_tells_its_tokens_also_when_it_breaks_off() -> None:
    frames = (b'data: {"word":"a","usage":{"input":3}}\n\n', b'data: {"word":"b","usage":{"output":2}}\n\n')
    for end in ((b'data: {"over":1}\n\n',), ()):
        inside = Inside(FakeSnapshot({"m": [A]}), {"a": Said(body=(*frames, *end))})
        _, exchange = await inside.ask(stream=True)
        assert exchange.tries[0].usage == {"input": 3, "output": 2}


async def test_text_that_looks_like_counts_counts_nothing() -> None:
    frames = (b'data: {"word":"{\\"usage\\":{\\"input\\":99}}"}\n\n', b'data: {"over":1}\n\n')
    inside = Inside(FakeSnapshot({"m": [A]}), {"a": Said(body=frames)})
    _, exchange = await inside.ask(stream=True)
    assert exchange.tries[0].usage == {}


async def test_an_attempt_knows_how_long_it_waited() -> None:
    inside = Inside(FakeSnapshot({"m": [A]}), {"a": Said(takes=2.5)})
    _, exchange = await inside.ask()
    assert exchange.tries[0].waited == 2.5


async def test_a_failed_attempt_has_the_code_of_its_error() -> None:
    inside = Inside(FakeSnapshot({"m": [A, B]}), {"a": failing("reset"), "b": Said(body=b'{"token":"hi"}')})
    _, exchange = await inside.ask()
    assert [(it.outcome, it.code) for it in exchange.tries] == [("reset", "upstream_failed"), ("ok", "")]


async def test_an_attempt_knows_that_its_target_is_left_alone_for_it() -> None:
    cools = replace(POLICY, outcomes={"rate_limit": Rule("next", cool=5)})
    target = FakeTarget(FakeProvider("http://a", id="a", policy=cools))
    inside = Inside(FakeSnapshot({"m": [target]}), {"a": refusing(429)})
    _, first = await inside.ask()
    assert first.tries[0].cooled
    inside = Inside(FakeSnapshot({"m": [target]}), {"a": refusing(400)})
    _, second = await inside.ask()
    assert not second.tries[0].cooled
