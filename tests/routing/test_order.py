"""Which of some targets is called first: by priority, by turn and weight, or by what the request sticks to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from torouter.routing.order import bands, callable_now, count_turn, in_order
from torouter.routing.state import Routing

from tests.support.fake import FakeProvider, FakeTarget
from tests.support.moment import Moment


def target(name: str, **options: Any) -> Any:
    return FakeTarget(FakeProvider("http://127.0.0.1:1", id=name), **options)


def names(targets: Sequence[Any]) -> list[str]:
    return [it.provider.id for it in targets]


def called(band: Sequence[Any], routing: Routing, times: int) -> str:
    said = ""
    for _ in range(times):
        first = in_order(band, routing, None)[0]
        count_turn(first, band, routing)
        said += first.provider.id
    return said


def test_a_lower_priority_comes_first_and_a_rank_before_it() -> None:
    a, b, c = target("a", priority=2), target("b", priority=1), target("c", priority=2)
    assert [names(band) for band in bands([a, b, c])] == [["b"], ["a", "c"]]
    assert [names(band) for band in bands([a, b, c], [0, 1, 0])] == [["a", "c"], ["b"]]


def test_targets_of_one_priority_take_turns() -> None:
    assert called([target("a"), target("b"), target("c")], Moment().routing(), 7) == "abcabca"


def test_a_weight_is_a_number_of_turns() -> None:
    band = [target("a", weight=3), target("b"), target("c", weight=2)]
    assert Counter(called(band, Moment().routing(), 600)) == {"a": 300, "b": 100, "c": 200}


def test_a_target_that_was_away_does_not_get_all_turns_that_it_missed() -> None:
    routing, a, b = Moment().routing(), target("a"), target("b")
    for _ in range(50):
        count_turn(a, [a, b], routing)
    assert called([a, b], routing, 6).count("b") <= 4


def test_the_same_value_goes_to_the_same_target_whatever_was_called_before() -> None:
    band, one, other = [target("a"), target("b"), target("c")], Moment().routing(), Moment().routing()
    called(band, other, 5)
    for number in range(50):
        assert names(in_order(band, one, f"s{number}")) == names(in_order(band, other, f"s{number}"))


def test_different_values_are_spread_by_weight() -> None:
    band, routing = [target("a", weight=3), target("b")], Moment().routing()
    share = Counter(in_order(band, routing, f"s{number}")[0].provider.id for number in range(4000))
    assert 0.70 < share["a"] / 4000 < 0.80


def test_without_one_target_only_its_own_values_go_elsewhere() -> None:
    a, b, c, routing = target("a"), target("b"), target("c"), Moment().routing()
    for number in range(200):
        before = in_order([a, b, c], routing, f"s{number}")[0]
        after = in_order([a, c], routing, f"s{number}")[0]
        assert after is before or before is b


def test_text_that_is_no_unicode_is_something_to_stick_to() -> None:
    assert in_order([target("a"), target("b")], Moment().routing(), "\ud800")


def test_full_targets_are_passed_over() -> None:
    routing, full, free = Moment().routing(), target("a", priority=1, concurrent=1), target("b", priority=2)
    lease = routing.enter(full)
    assert names(list(callable_now([[full], [free]], routing, None))) == ["b"]
    routing.leave(lease)
    assert names(list(callable_now([[full], [free]], routing, None))) == ["a", "b"]
