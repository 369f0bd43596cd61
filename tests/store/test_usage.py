"""What every store promises of the records of usage, whichever is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from torouter.store import GROUPINGS, MemoryStore, SqliteStore, Store, StoreError, UsageRecord

NOON = 1_800_014_400.0  # 2027-01-15 12:00 UTC
DAY = 86_400.0
RECORD = UsageRecord(
    "req_1", NOON, "alice", "team", "talk", "small", "near", "small-1", "ok", 200, True, 1, 0.5, 0.1,
    input=100, cache_read=40, cache_write=10, output=20, reasoning=5, cost=1_500, currency="USD",
)  # fmt: skip
FAILED = RECORD._replace(
    id="req_2", key="bob", outcome="timeout", status=504, attempts=3, first=None,
    input=None, cache_read=None, cache_write=None, output=None, reasoning=None, cost=None, currency=None,
)  # fmt: skip


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "store.sqlite")
    yield made
    made.close()


def test_sums_are_told_by_what_requests_have_in_common(store: Store) -> None:
    store.add_usage([RECORD, RECORD._replace(id="req_3"), FAILED], 0.0)
    alice, bob = store.sum_usage(["key"], 0.0, NOON + 1)
    assert (alice.of, alice.requests, alice.failed, alice.attempts) == (("alice",), 2, 0, 2)
    assert (alice.input, alice.cache_read, alice.cache_write, alice.output, alice.reasoning) == (200, 80, 20, 40, 10)
    assert (alice.costs, alice.unpriced) == ({"USD": 3_000}, 0)
    assert (bob.of, bob.requests, bob.failed, bob.attempts, bob.input, bob.costs) == (("bob",), 1, 1, 3, 0, {})


def test_everything_is_one_sum(store: Store) -> None:
    store.add_usage([RECORD, FAILED], 0.0)
    (all_of_it,) = store.sum_usage([], 0.0, NOON + 1)
    assert (all_of_it.of, all_of_it.requests, all_of_it.input) == ((), 2, 100)


def test_no_cost_is_not_a_cost_of_nothing(store: Store) -> None:
    store.add_usage([RECORD._replace(cost=None, currency=None), RECORD._replace(cost=0)], 0.0)
    (total,) = store.sum_usage(["model"], 0.0, NOON + 1)
    assert (total.costs, total.unpriced) == ({"USD": 0}, 1)


def test_currencies_are_not_added_up(store: Store) -> None:
    store.add_usage([RECORD, RECORD._replace(cost=7, currency="EUR")], 0.0)
    (total,) = store.sum_usage(["model"], 0.0, NOON + 1)
    assert (total.requests, total.costs) == (2, {"EUR": 7, "USD": 1_500})


def test_days_are_those_of_utc(store: Store) -> None:
    store.add_usage([RECORD, RECORD._replace(at=NOON + DAY / 2)], 0.0)
    assert [it.of for it in store.sum_usage(["day"], 0.0, NOON + DAY)] == [("2027-01-15",), ("2027-01-16",)]


@pytest.mark.parametrize("name", GROUPINGS)
def test_each_grouping_tells_what_the_record_says(store: Store, name: str) -> None:
    store.add_usage([RECORD], 0.0)
    (found,) = store.sum_usage([name], 0.0, NOON + 1)
    assert found.of == (GROUPINGS[name](RECORD),)


def test_a_span_has_its_beginning_and_not_its_end(store: Store) -> None:
    store.add_usage([RECORD, RECORD._replace(at=NOON + 10)], 0.0)
    assert [it.requests for it in store.sum_usage([], NOON, NOON + 10)] == [1]
    assert [it.requests for it in store.sum_usage(["key"], NOON + 11, NOON + 20)] == []


def test_what_is_too_long_ago_is_forgotten(store: Store) -> None:
    store.add_usage([RECORD, RECORD._replace(at=NOON + 10)], 0.0)
    store.add_usage([RECORD._replace(at=NOON + 20)], NOON + 5)
    assert store.sum_usage([], 0.0, NOON + DAY)[0].requests == 2


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    wrong = RECORD._replace(key=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        store.add_usage([RECORD, wrong], 0.0)
    assert store.sum_usage(["key"], 0.0, NOON + 1) == []
    store.close()
