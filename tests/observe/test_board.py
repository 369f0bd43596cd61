"""Numbers that workers share: each counts in its own region, any of them reads the sum."""

from __future__ import annotations

from torouter.observe.board import Board
from torouter.observe.metric import COUNTER, GAUGE, HISTOGRAM, Metric, page_of

ASKED = Metric(COUNTER, "asked_total", "Questions.", ("who",))
OPEN = Metric(GAUGE, "open", "What is open.")
TOOK = Metric(HISTOGRAM, "took_seconds", "How long it took.", ("who",), (1.0, 2.0))
REGION = 4096


def workers(count: int) -> tuple[memoryview, list[Board]]:
    memory = memoryview(bytearray(count * REGION))
    return memory, [Board(memory, slot, REGION) for slot in range(count)]


def test_every_worker_reads_the_sum_over_all() -> None:
    _, (one, two) = workers(2)
    one.add(ASKED, ("ada",))
    two.add(ASKED, ("ada",), 2)
    two.add(ASKED, ("bob",))
    assert one.sums() == two.sums() == {("counter asked_total", ("ada",)): [3.0], ("counter asked_total", ("bob",)): [1.0]}


def test_who_takes_over_a_region_counts_on_but_gauges_begin_anew() -> None:
    memory, (one, two) = workers(2)
    for board in (one, two):
        board.add(ASKED, ("ada",))
        board.add(OPEN, (), 5)
        board.observe(TOOK, ("ada",), 1.5)
    replacement = Board(memory, 0, REGION)
    assert replacement.sums()[ASKED.id, ("ada",)] == [2.0]
    assert replacement.sums()[OPEN.id, ()] == [5.0]
    replacement.add(ASKED, ("ada",))
    assert two.sums()[ASKED.id, ("ada",)] == [3.0]
    assert two.sums()[TOOK.id, ("ada",)] == [0.0, 2.0, 0.0, 3.0]


def test_what_a_dead_worker_held_is_gone_and_what_it_counted_stays() -> None:
    memory = memoryview(bytearray(2 * REGION))
    dead = set[int]()
    one, two = (Board(memory, slot, REGION, lives=lambda slot: slot not in dead) for slot in range(2))
    for board in (one, two):
        board.add(ASKED, ("ada",))
        board.add(OPEN, (), 5)
    dead.add(0)
    assert two.sums() == {(ASKED.id, ("ada",)): [2.0], (OPEN.id, ()): [5.0]}


def test_a_gauge_is_what_was_said_last() -> None:
    _, (board, other) = workers(2)
    other.set(OPEN, (), 1)
    board.set(OPEN, (), 7)
    board.set(OPEN, (), 2)
    assert board.sums() == {(OPEN.id, ()): [3.0]}


def test_a_full_region_refuses_new_series_and_goes_on_counting_old_ones() -> None:
    _, (board,) = workers(1)
    board.add(ASKED, ("first",))
    for number in range(1000):
        board.add(ASKED, (f"client-{number}",))
    assert board.refused > 0
    refused = board.refused
    board.add(ASKED, ("first",))
    assert board.refused == refused
    assert board.sums()[ASKED.id, ("first",)] == [2.0]


def test_a_series_that_was_being_written_when_its_worker_died_is_not_seen() -> None:
    memory, (board,) = workers(1)
    board.add(ASKED, ("ada",))
    memory[board._used : board._used + 64] = b"\xff" * 64      # behind what is in use
    after = Board(memory, 0, REGION)
    assert after.sums() == {(ASKED.id, ("ada",)): [1.0]}
    after.add(ASKED, ("bob",))
    assert after.sums()[ASKED.id, ("bob",)] == [1.0]


def test_the_page_is_the_text_format() -> None:
    _, (board,) = workers(1)
    board.add(ASKED, ('a"b\\c\nd',), 2)
    board.observe(TOOK, ("ada",), 1.0)
    board.observe(TOOK, ("ada",), 1.5)
    board.observe(TOOK, ("ada",), 9.0)
    assert page_of((ASKED, TOOK), board.sums()).decode() == (
        "# HELP asked_total Questions.\n"
        "# TYPE asked_total counter\n"
        'asked_total{who="a\\"b\\\\c\\nd"} 2\n'
        "# HELP took_seconds How long it took.\n"
        "# TYPE took_seconds histogram\n"
        'took_seconds_bucket{who="ada",le="1"} 1\n'
        'took_seconds_bucket{who="ada",le="2"} 2\n'
        'took_seconds_bucket{who="ada",le="+Inf"} 3\n'
        'took_seconds_sum{who="ada"} 11.5\n'
        'took_seconds_count{who="ada"} 3\n'
    )
