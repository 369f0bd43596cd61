"""What every store promises of answers, whichever is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from torouter.store import Bounds, MemoryStore, SqliteStore, Store, StoredAnswer

WIDE = Bounds(count=1000, size=1_000_000, age=1000.0)
FIRST = StoredAnswer("a1", "team", "letters", "small-1", 100.0, "a1", body=b"[0]", turns=b"[1]", response=b"[22]")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "store.sqlite")
    yield made
    made.close()


def following(answer: StoredAnswer, id: str, created: float = 101.0) -> StoredAnswer:
    return replace(answer, id=id, previous=answer.id, created=created)


def alone(id: str, created: float, group: str = "team") -> StoredAnswer:
    return replace(FIRST, id=id, thread=id, created=created, group=group)


def ids(store: Store, *wanted: str) -> list[str]:
    return [id for id in wanted if store.find_answer(id, 0.0) is not None]


def test_an_answer_is_found_whole_and_only_by_its_id(store: Store) -> None:
    store.keep_answer(FIRST, WIDE)
    assert store.find_answer("a1", 0.0) == FIRST
    assert store.find_answer("A1", 0.0) is None


def test_what_a_provider_keeps_has_only_the_providers_name(store: Store) -> None:
    there = StoredAnswer("a1", "team", "letters", "small-1", 100.0, "a1", provider="office")
    store.keep_answer(there, WIDE)
    assert store.find_answer("a1", 0.0) == there


def test_a_chain_goes_back_to_the_first_answer(store: Store) -> None:
    second = following(FIRST, "a2")
    third = following(second, "a3", 102.0)
    for answer in (FIRST, second, third):
        store.keep_answer(answer, WIDE)
    assert store.answer_chain("a3", 10, 1000) == [replace(answer, body=b"") for answer in (third, second, FIRST)]


def test_two_answers_may_go_on_from_one(store: Store) -> None:
    for answer in (FIRST, following(FIRST, "a2"), following(FIRST, "b2")):
        store.keep_answer(answer, WIDE)
    assert [answer.id for answer in store.answer_chain("a2", 10, 1000)] == ["a2", "a1"]
    assert [answer.id for answer in store.answer_chain("b2", 10, 1000)] == ["b2", "a1"]


@pytest.mark.parametrize("depth, size", [(2, 1000), (10, 14)])
def test_a_chain_ends_at_its_bounds(store: Store, depth: int, size: int) -> None:
    second = following(FIRST, "a2")
    for answer in (FIRST, second, following(second, "a3")):
        store.keep_answer(answer, WIDE)
    chain = store.answer_chain("a3", depth, size)
    assert ([answer.id for answer in chain], chain[-1].previous) == (["a3", "a2"], "a1")


def test_a_chain_ends_where_an_answer_was_deleted(store: Store) -> None:
    second = following(FIRST, "a2")
    for answer in (FIRST, second, following(second, "a3")):
        store.keep_answer(answer, WIDE)
    store.delete_answer("a2")
    assert ids(store, "a1", "a2", "a3") == ["a1", "a3"]
    chain = store.answer_chain("a3", 10, 1000)
    assert ([answer.id for answer in chain], chain[-1].previous) == (["a3"], "a2")


def test_deleting_what_is_not_there_does_nothing(store: Store) -> None:
    store.keep_answer(FIRST, WIDE)
    store.delete_answer("a9")
    assert ids(store, "a1") == ["a1"]
    assert store.answer_chain("a9", 10, 1000) == []


def test_the_same_id_replaces_in_its_group_and_is_left_alone_in_another(store: Store) -> None:
    store.keep_answer(FIRST, WIDE)
    store.keep_answer(replace(FIRST, response=b"[3]"), WIDE)
    store.keep_answer(replace(FIRST, group="others", response=b"[4]"), WIDE)
    assert store.find_answer("a1", 0.0) == replace(FIRST, response=b"[3]")


def test_the_conversation_that_was_not_used_for_the_longest_time_makes_room_as_a_whole(store: Store) -> None:
    bounds = replace(WIDE, count=4)
    for answer in (alone("old", 1.0), alone("older", 2.0)):
        store.keep_answer(answer, bounds)
    store.keep_answer(following(alone("old", 1.0), "old2", 3.0), bounds)  # used again: now `older` is the first to go
    store.keep_answer(alone("x", 4.0), bounds)
    assert ids(store, "old", "old2", "older", "x") == ["old", "old2", "older", "x"]
    store.keep_answer(alone("y", 5.0), bounds)
    assert ids(store, "old", "old2", "older", "x", "y") == ["old", "old2", "x", "y"]
    store.keep_answer(alone("z", 6.0), bounds)
    assert ids(store, "old", "old2", "x", "y", "z") == ["x", "y", "z"]


def test_bytes_are_bounded_too_and_what_was_deleted_no_longer_counts(store: Store) -> None:
    bounds = replace(WIDE, size=2 * FIRST.size)
    store.keep_answer(alone("a", 1.0), bounds)
    store.keep_answer(alone("b", 2.0), bounds)
    store.delete_answer("b")
    store.keep_answer(alone("c", 3.0), bounds)
    assert ids(store, "a", "b", "c") == ["a", "c"]
    store.keep_answer(alone("d", 4.0), bounds)
    assert ids(store, "a", "c", "d") == ["c", "d"]


def test_each_group_has_bounds_of_its_own(store: Store) -> None:
    bounds = replace(WIDE, count=1)
    store.keep_answer(alone("theirs", 1.0, "others"), bounds)
    store.keep_answer(alone("ours", 2.0), bounds)
    store.keep_answer(alone("ours2", 3.0), bounds)
    assert ids(store, "theirs", "ours", "ours2") == ["theirs", "ours2"]


def test_what_was_not_used_for_too_long_is_not_found_and_then_removed_in_every_group(store: Store) -> None:
    store.keep_answer(alone("old", 10.0, "others"), WIDE)
    assert store.find_answer("old", 10.0) is not None
    assert store.find_answer("old", 10.1) is None
    store.keep_answer(alone("new", 10.0 + WIDE.age + 1), WIDE)
    assert ids(store, "old", "new") == ["new"]


def test_going_on_keeps_a_conversation_young(store: Store) -> None:
    store.keep_answer(FIRST, WIDE)
    store.keep_answer(following(FIRST, "a2", 900.0), WIDE)
    assert store.find_answer("a1", 800.0) == FIRST
    store.keep_answer(alone("later", 1500.0), WIDE)
    assert ids(store, "a1", "a2") == ["a1", "a2"]
