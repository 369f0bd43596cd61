"""What is counted of a finished request: metrics, its record, its line."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from torouter.compile.policy import Rule
from torouter.compile.prices import Price
from torouter.observe.observer import Answered, Observer
from torouter.observe.usage import classes, cost_of, tokens_of, used_of
from torouter.pipeline.outcomes import Attempt
from torouter.store import UsageRecord

from ..support.fake import POLICY, FakeProvider, FakeSnapshot, FakeTarget
from ..support.inside import Act, Inside, Said, failing, refusing
from ..support.moment import NOON

PRICE = Price(
    "USD", 0.0, 0,
    {"input": 10**9, "cache_read": 10**8, "cache_write": 2 * 10**9, "cache_write_long": 4 * 10**9, "output": 5 * 10**9,
     "reasoning": 5 * 10**9},
)  # fmt: skip


@dataclass(frozen=True)
class Target(FakeTarget):
    """A target that knows the public name of its model."""

    @property
    def view(self) -> dict[str, object]:
        return {"model": self.model, "name": "public"}


@dataclass
class Seen:
    """An observer, and what it made of one request."""

    records: list[UsageRecord] = field(default_factory=list)
    observer: Observer = field(init=False)

    def __post_init__(self) -> None:
        self.observer = Observer(record=self.records.append, wall=lambda: NOON)

    def metric(self, name: str) -> dict[str, str]:
        lines = self.observer.page()[1].decode().splitlines()
        return {line.rpartition(" ")[0][len(name) :]: line.rpartition(" ")[2] for line in lines if line.startswith(name)}


async def asked(acts: dict[str, Act], *targets: Any, **body: Any) -> Seen:
    inside, seen = Inside(FakeSnapshot({"m": targets}), acts), Seen()
    given, exchange = await inside.ask(**body)
    seen.observer.begins()
    inside.moment.now += 0.25
    seen.observer.ends(exchange, Answered(given.status, len(given.body), 0.125))
    return seen


A = Target(FakeProvider("http://a", id="a"), prices=(PRICE,))
B = Target(FakeProvider("http://b", id="b"))
USAGE = {"input": 100, "cache_read": 40, "cache_write": 20, "cache_write_long": 5, "output": 30, "reasoning": 10}
TOLD = Said(body=orjson.dumps({"word": "hi", "usage": USAGE}), takes=2.0)


async def test_a_request_is_counted_with_names_of_the_configuration_only() -> None:
    seen = await asked({"a": TOLD}, A)
    assert seen.metric("torouter_requests_total") == {'{endpoint="sse",model="public",provider="a",outcome="ok"}': "1"}
    assert seen.metric("torouter_requests_running") == {"": "0"}


async def test_an_unknown_model_is_no_label() -> None:
    seen = await asked({}, model="whatever a client writes")
    assert seen.metric("torouter_requests_total") == {'{endpoint="sse",model="",provider="",outcome="not_found"}': "1"}
    assert "whatever" not in seen.observer.page()[1].decode()


async def test_tokens_are_counted_in_classes_that_do_not_overlap() -> None:
    seen = await asked({"a": TOLD}, A)
    counted = {label.split('class="')[1][:-2]: count for label, count in seen.metric("torouter_tokens_total").items()}
    assert counted == {
        "input": "40", "cache_read": "40", "cache_write": "15", "cache_write_long": "5", "output": "20", "reasoning": "10",
    }  # fmt: skip
    assert sum(map(int, counted.values())) == USAGE["input"] + USAGE["output"]


async def test_overhead_is_what_neither_upstream_nor_client_took() -> None:
    seen = await asked({"a": TOLD}, A)
    assert seen.metric("torouter_overhead_seconds_sum") == {'{endpoint="sse"}': "0.125"}
    assert seen.metric("torouter_request_seconds_sum") == {'{endpoint="sse"}': "2.25"}


async def test_attempts_retries_and_cooldowns_are_counted_by_provider() -> None:
    cools = Target(FakeProvider("http://a", id="a", policy=replace(POLICY, outcomes={"reset": Rule("next", cool=5)})))
    seen = await asked({"a": failing("reset"), "b": Said()}, cools, B)
    assert seen.metric("torouter_attempts_total") == {
        '{provider="a",outcome="reset"}': "1", '{provider="b",outcome="ok"}': "1",
    }  # fmt: skip
    assert seen.metric("torouter_retries_total") == {'{provider="b"}': "1"}
    assert seen.metric("torouter_cooldowns_total") == {'{model="public",provider="a"}': "1"}


async def test_losses_are_counted_by_how_bad_they_are() -> None:
    lines = Target(FakeProvider("http://a", ("line-talk",), id="a"))
    seen = await asked({"a": Said(body=b'{"token":"hi"}')}, lines, odd="warn")
    assert seen.metric("torouter_losses_total") == {'{endpoint="sse",provider="a",severity="warn"}': "1"}


async def test_the_record_says_who_asked_whom_for_how_much() -> None:
    (record,) = (await asked({"a": TOLD}, A)).records
    assert record == UsageRecord(
        "req_1", NOON - 2.25, "k1", "default", "sse", "public", "a", "m1", "ok", 200, False, 1, 2.25, None,
        input=100, cache_read=40, cache_write=20, output=30, reasoning=10, cost=244_000, currency="USD",
    )  # fmt: skip


async def test_a_model_without_a_price_has_no_cost() -> None:
    (record,) = (await asked({"b": TOLD}, B)).records
    assert (record.input, record.cost, record.currency) == (100, None, None)


async def test_a_failed_request_has_a_record_without_tokens() -> None:
    (record,) = (await asked({"a": refusing(500)}, A)).records
    assert (record.outcome, record.status, record.input, record.cost) == ("server", 500, None, None)


async def test_who_has_no_key_leaves_no_record() -> None:
    inside, seen = Inside(FakeSnapshot({"m": [A]}), {"a": TOLD}), Seen()
    given, exchange = await inside.ask(headers={"authorization": "Bearer wrong-key-of-somebody"})
    seen.observer.ends(exchange, Answered(given.status, 0, 0.0))
    assert seen.records == []
    assert list(seen.metric("torouter_requests_total")) == ['{endpoint="sse",model="",provider="",outcome="authentication"}']


@pytest.mark.parametrize(("usage", "cost"), [
    ({"input": 1_000_000}, 10**9),
    ({"input": 1, "output": 1}, 6_000),
    ({"input": 10, "cache_read": 10}, 1_000),
    ({"input": 3, "cache_read": 1, "output": 0}, 2_100),
])  # fmt: skip
def test_costs_are_exact(usage: dict[str, int], cost: int) -> None:
    assert cost_of(usage, [PRICE], NOON) == (cost, "USD")


def test_the_price_of_the_day_and_of_the_size_is_taken() -> None:
    now, long, later = PRICE, replace(PRICE, over=100, currency="LNG"), replace(PRICE, since=NOON + 1, currency="NEW")
    prices = [later, long, now]
    assert cost_of({"input": 100}, prices, NOON) == (100_000, "USD")
    assert cost_of({"input": 101}, prices, NOON) == (101_000, "LNG")
    assert cost_of({"input": 100}, prices, NOON + 1) == (100_000, "NEW")
    assert cost_of({"input": 100}, [later], NOON) is None


@pytest.mark.parametrize("nonsense", [{"input": "12"}, {"input": -1}, {"input": True}, {"input": 1e9}, {"input": 2**60}, {}])
def test_what_is_no_number_of_tokens_is_none(nonsense: dict[str, Any]) -> None:
    assert tokens_of(nonsense) is None


def test_classes_never_fall_below_zero() -> None:
    assert min(classes({"input": 1, "cache_read": 5, "output": 1, "reasoning": 9, "cache_write_long": 3}).values()) == 0


async def test_what_attempts_used_is_added_up_and_known_only_if_each_is() -> None:
    tries = [Attempt("a", "m", "p", 0.0, usage={"input": 5, "output": 1}, prices=(PRICE,)) for _ in range(2)]
    assert used_of(tries, NOON).tokens == {"input": 10, "output": 2}
    assert used_of(tries, NOON).cost == (20_000, "USD")
    unpriced = Attempt("b", "m", "p", 0.0, usage={"input": 5})
    assert (used_of([*tries, unpriced], NOON).tokens, used_of([*tries, unpriced], NOON).cost) == ({"input": 15, "output": 2}, None)
    foreign = Attempt("b", "m", "p", 0.0, usage={"input": 5}, prices=(replace(PRICE, currency="EUR"),))
    assert used_of([*tries, foreign], NOON).cost is None
    silent = Attempt("b", "m", "p", 0.0)
    assert used_of([silent, tries[0]], NOON).cost == (10_000, "USD")


async def test_a_fault_in_counting_is_logged_and_reaches_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def full(record: UsageRecord) -> None:
        raise OSError("no room")

    inside = Inside(FakeSnapshot({"m": [A]}), {"a": TOLD})
    given, exchange = await inside.ask()
    Observer(record=full).ends(exchange, Answered(given.status, 0, 0.0))
    assert "request req_1 could not be counted" in caplog.text


async def test_the_line_tells_each_attempt_and_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "torouter.access")
    await asked({"a": failing("reset"), "b": TOLD}, A, B)
    (line,) = (orjson.loads(it.message) for it in caplog.records if it.name == "torouter.access")
    assert line["tried"] == [
        {"provider": "a", "model": "m1", "outcome": "reset", "code": "upstream_failed", "ms": 0.0, "waited_ms": 0.0},
        {"provider": "b", "model": "m1", "outcome": "ok", "status": 200, "ms": 2000.0, "waited_ms": 2000.0},
    ]
    assert (line["attempts"], line["tokens"]["input"], line["group"]) == (2, 100, "default")
    assert "costs" not in line


async def test_a_key_in_a_wrong_place_is_not_in_the_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "torouter.access")
    await asked({}, model="test-key-1")
    (line,) = (it.message for it in caplog.records if it.name == "torouter.access")
    assert "test-key-1" not in line
    assert orjson.loads(line)["model"] == "[credential]"


def test_media_are_classes_of_their_own_within_what_they_are_a_part_of() -> None:
    usage = {"input": 100, "cache_read": 60, "output": 9, "native": {"image_input": 30, "audio_input": 20, "image_output": 9, "other": 5}}
    tokens = tokens_of(usage)
    assert tokens is not None
    assert classes(tokens) == {
        "input": 0, "cache_read": 60, "cache_write": 0, "cache_write_long": 0, "output": 0, "reasoning": 0,
        "image_input": 30, "audio_input": 10, "image_output": 9,
    }  # fmt: skip
    price = replace(PRICE, rates={**PRICE.rates, "image_input": 10**9, "audio_input": 3 * 10**9, "image_output": 30 * 10**9})
    assert cost_of(tokens, [price], NOON) == (60 * 100 + 30 * 1000 + 10 * 3000 + 9 * 30_000, "USD")
