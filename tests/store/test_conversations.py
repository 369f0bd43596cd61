"""What every store promises of conversations that clients name, whichever is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from torouter.store import Bounds, Entry, MemoryStore, SqliteStore, Store, StoredAnswer, StoredConversation

WIDE = Bounds(count=1000, size=1_000_000, age=1000.0)
TALK = StoredConversation("c1", "team", "letters", 100.0, notes=b"{}")
ANSWER = StoredAnswer("a1", "team", "letters", "small-1", 100.0, "a1", body=b"[0]", turns=b"[1]", response=b"[22]")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "store.sqlite")
    yield made
    made.close()


def entries(*ids: str) -> list[Entry]:
    return [Entry(id, b"1") for id in ids]


def ids(found: Sequence[Entry] | None) -> list[str]:
    assert found is not None
    return [entry.id for entry in found]


def listed(store: Store, id: str = "c1") -> list[str]:
    return ids(store.list_entries(id, None, 1000))


def there(store: Store, *wanted: str) -> list[str]:
    return [id for id in wanted if store.find_conversation(id, 0.0) is not None]


def test_a_conversation_is_found_with_what_it_holds(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    assert store.find_conversation("c1", 0.0) == TALK
    assert store.find_conversation("C1", 0.0) is None
    store.add_entries("c1", [Entry("e1", b"12345"), Entry("e2", b"")], 101.0, WIDE)
    assert store.find_conversation("c1", 0.0) == replace(TALK, count=2, size=5)


def test_what_is_said_of_a_conversation_changes_and_its_entries_stay(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    store.add_entries("c1", entries("e1"), 101.0, WIDE)
    store.keep_conversation(replace(TALK, notes=b'{"a":1}', created=999.0), WIDE)
    found = store.find_conversation("c1", 0.0)
    assert found == replace(TALK, notes=b'{"a":1}', count=1, size=1), "when it was made stays, too"
    assert listed(store) == ["e1"]


def test_a_conversation_of_another_group_is_left_alone(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    store.keep_conversation(replace(TALK, group="others", notes=b"[]"), WIDE)
    assert store.find_conversation("c1", 0.0) == TALK


def test_what_a_provider_keeps_has_only_the_names_of_the_provider_and_of_a_model(store: Store) -> None:
    theirs = replace(TALK, notes=b"", provider="office", model="small-1")
    store.keep_conversation(theirs, WIDE)
    assert store.find_conversation("c1", 0.0) == theirs


def test_entries_stand_in_the_order_in_which_they_came(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    assert ids(store.add_entries("c1", entries("e9", "e1"), 101.0, WIDE)) == ["e9", "e1"]
    store.add_entries("c1", entries("e5"), 102.0, WIDE)
    assert listed(store) == ["e9", "e1", "e5"]
    assert ids(store.list_entries("c1", None, 1000, newest_first=True)) == ["e5", "e1", "e9"]


def test_entries_are_listed_by_pages(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    store.add_entries("c1", entries("e1", "e2", "e3", "e4"), 101.0, WIDE)
    assert ids(store.list_entries("c1", None, 2)) == ["e1", "e2"]
    assert ids(store.list_entries("c1", "e2", 2)) == ["e3", "e4"]
    assert ids(store.list_entries("c1", "e3", 2, newest_first=True)) == ["e2", "e1"]
    assert store.list_entries("c1", "e4", 2) == []
    assert store.list_entries("c1", "e9", 2) is None


def test_an_id_that_is_taken_becomes_another_so_that_nothing_is_lost(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    store.add_entries("c1", [Entry("e1", b"old")], 101.0, WIDE)
    added = store.add_entries("c1", [Entry("e1", b"new"), Entry("e1", b"newer")], 102.0, WIDE)
    assert added is not None
    assert len({"e1", *ids(added)}) == 3
    found = store.list_entries("c1", None, 10)
    assert found is not None
    assert [entry.value for entry in found] == [b"old", b"new", b"newer"]


def test_an_entry_is_found_and_deleted_by_its_id(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    store.add_entries("c1", [Entry("e1", b"one"), Entry("e2", b"two")], 101.0, WIDE)
    assert store.find_entry("c1", "e2") == Entry("e2", b"two")
    store.delete_entry("c1", "e2")
    store.delete_entry("c1", "e9")
    store.delete_entry("c9", "e1")
    assert (store.find_entry("c1", "e2"), listed(store)) == (None, ["e1"])
    assert store.find_conversation("c1", 0.0) == replace(TALK, count=1, size=3)


def test_the_place_of_what_was_deleted_is_not_taken_again(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    store.add_entries("c1", entries("e1", "e2"), 101.0, WIDE)
    store.delete_entry("c1", "e2")
    store.add_entries("c1", entries("e2", "e3"), 102.0, WIDE)
    assert listed(store) == ["e1", "e2", "e3"]


def test_nothing_is_added_to_a_conversation_that_is_not_there(store: Store) -> None:
    assert store.add_entries("c1", entries("e1"), 101.0, WIDE) is None
    assert store.list_entries("c1", None, 10) == []
    assert store.find_entry("c1", "e1") is None


def test_a_deleted_conversation_is_gone_with_its_entries_but_not_with_its_answers(store: Store) -> None:
    bounds = replace(WIDE, count=3)
    store.keep_conversation(TALK, bounds)
    store.add_entries("c1", entries("e1"), 101.0, bounds)
    store.keep_answer(replace(ANSWER, thread="c1", created=102.0), bounds)
    store.delete_conversation("c1")
    store.delete_conversation("c1")
    assert there(store, "c1") == []
    assert (store.find_entry("c1", "e1"), listed(store)) == (None, [])
    assert store.find_answer("a1", 0.0) is not None
    for number in (2, 3):  # what is gone no longer counts
        store.keep_answer(replace(ANSWER, id=f"a{number}", thread=f"a{number}", created=110.0), bounds)
    assert store.find_answer("a1", 0.0) is not None


def test_conversations_and_answers_make_room_by_the_same_bounds(store: Store) -> None:
    bounds = replace(WIDE, count=5)
    store.keep_conversation(TALK, bounds)
    store.add_entries("c1", entries("e1", "e2"), 101.0, bounds)
    store.keep_answer(ANSWER, bounds)
    store.keep_conversation(replace(TALK, id="c2", created=103.0), bounds)
    assert (there(store, "c1", "c2"), store.find_answer("a1", 0.0) is not None) == (["c1", "c2"], True)
    store.add_entries("c1", entries("e3"), 104.0, bounds)  # the answer is now the first to go
    assert (there(store, "c1", "c2"), store.find_answer("a1", 0.0)) == (["c1", "c2"], None)
    store.add_entries("c1", entries("e4"), 105.0, bounds)
    assert (there(store, "c1", "c2"), listed(store)) == (["c1"], ["e1", "e2", "e3", "e4"])


def test_the_bytes_of_entries_count(store: Store) -> None:
    bounds = replace(WIDE, size=20)
    for number, id in enumerate(("c1", "c2", "c3")):
        store.keep_conversation(replace(TALK, id=id, created=100.0 + number, notes=b""), bounds)
        store.add_entries(id, [Entry("e", b"0123456789")], 100.0 + number, bounds)
    assert there(store, "c1", "c2", "c3") == ["c2", "c3"]


def test_an_answer_of_a_conversation_goes_with_it(store: Store) -> None:
    bounds = replace(WIDE, count=2)
    store.keep_conversation(TALK, bounds)
    store.keep_answer(replace(ANSWER, thread="c1"), bounds)
    store.keep_conversation(replace(TALK, id="c2", created=102.0), bounds)
    assert (there(store, "c1", "c2"), store.find_answer("a1", 0.0)) == (["c2"], None)


def test_what_was_not_used_for_too_long_is_not_found_and_then_removed(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)
    store.add_entries("c1", entries("e1"), 200.0, WIDE)
    assert store.find_conversation("c1", 200.0) is not None
    assert store.find_conversation("c1", 200.1) is None
    store.keep_answer(replace(ANSWER, created=200.0 + WIDE.age + 1), WIDE)
    assert (there(store, "c1"), store.find_entry("c1", "e1")) == ([], None)


def test_entries_that_are_added_at_once_from_many_sides_all_stay(store: Store) -> None:
    store.keep_conversation(TALK, WIDE)

    def add(number: int) -> None:
        store.add_entries("c1", entries(f"{number}-1", f"{number}-2", "same"), 101.0, WIDE)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(20)))
    found = listed(store)
    assert len(found) == len(set(found)) == 60
    for number in range(20):
        place = found.index(f"{number}-1")
        assert found[place + 1] == f"{number}-2", "what came together stands together"
