"""What a worker remembers of targets and providers from one request to the next."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from torouter.compile.policy import GIVE_UP, NEXT, Rule
from torouter.routing.state import REMEMBERED, Routing

from tests.support.fake import FakeProvider, FakeTarget
from tests.support.moment import Moment

COOL = Rule("next", cool=10.0)


def target(name: str = "m", *, at: str = "p", **options: Any) -> Any:
    return FakeTarget(FakeProvider("http://127.0.0.1:1", id=at, **options), name)


def fail(routing: Routing, it: Any, rule: Rule = COOL, wait: float | None = None) -> None:
    lease = routing.enter(it)
    routing.leave(lease)
    routing.judge(it, lease, rule, wait)


def test_nothing_is_remembered_of_targets_that_answer() -> None:
    routing = Moment().routing()
    lease = routing.enter(target())
    routing.leave(lease)
    routing.judge(target(), lease, None)
    assert (len(routing.targets), len(routing.providers)) == (0, 0)


def test_a_target_that_failed_is_left_alone_and_others_of_its_provider_are_not() -> None:
    routing = Moment().routing()
    fail(routing, target("a"))
    assert not routing.is_open(target("a"))
    assert routing.is_open(target("b"))


def test_a_provider_that_failed_is_left_alone_with_all_its_models() -> None:
    routing = Moment().routing()
    fail(routing, target("a"), Rule("next", cool=10.0, of="provider"))
    assert not routing.is_open(target("b"))
    assert routing.is_open(target("b", at="other"))


def test_a_refused_credential_is_that_of_the_provider() -> None:
    moment = Moment()
    routing = moment.routing()
    fail(routing, target("a"), Rule("next", dead=600.0))
    assert routing.left(target("b")) == 600.0
    moment.now = 600.0
    assert routing.is_open(target("b"))


def test_only_one_call_at_a_time_finds_out_whether_a_target_is_well_again() -> None:
    moment = Moment()
    routing = moment.routing()
    fail(routing, target())
    moment.now = 10.0
    lease = routing.enter(target())
    assert not routing.is_open(target())
    routing.leave(lease)
    assert routing.is_open(target())  # nothing is known yet: the next call finds out
    lease = routing.enter(target())
    routing.leave(lease)
    routing.judge(target(), lease, None)
    first, second = routing.enter(target()), routing.enter(target())
    assert routing.is_open(target())
    routing.leave(first)
    routing.leave(second)


def test_an_answer_to_an_older_call_does_not_make_a_target_well() -> None:
    routing = Moment().routing()
    older = routing.enter(target())
    fail(routing, target(), wait=30.0)
    routing.leave(older)
    routing.judge(target(), older, None)
    assert routing.left(target()) == 30.0


@pytest.mark.parametrize("rule, well", [(GIVE_UP, True), (NEXT, False)])
def test_a_mistake_of_the_client_is_an_answer_and_a_failure_is_not(rule: Rule, well: bool) -> None:
    moment = Moment()
    routing = moment.routing()
    fail(routing, target())
    moment.now = 10.0
    fail(routing, target(), rule)
    assert (routing.known(target())[0].until is None) is well  # type: ignore[union-attr]


def test_what_is_remembered_is_bounded_and_what_is_in_use_stays() -> None:
    routing = Moment().routing()
    fail(routing, target("kept"))
    for number in range(REMEMBERED + 50):
        routing.standing(target(f"m{number}"))
    assert len(routing.targets) == REMEMBERED
    assert not routing.is_open(target("kept"))


def test_the_bound_holds_even_when_everything_is_cool() -> None:
    routing = Moment().routing()
    for number in range(REMEMBERED + 50):
        fail(routing, target(f"m{number}"))
    assert len(routing.targets) == REMEMBERED


async def test_who_waits_for_a_place_is_told_when_one_is_free() -> None:
    routing, busy = Routing(), target(concurrent=1)
    lease = routing.enter(busy)
    assert routing.is_full(busy)
    waiting = [asyncio.create_task(routing.place(60.0)) for _ in range(2)]
    await asyncio.sleep(0)
    routing.leave(lease)
    assert await asyncio.gather(*waiting) == [True, True]
    assert not routing.is_full(busy)


async def test_who_waits_too_long_or_leaves_is_forgotten() -> None:
    routing = Routing()
    assert await routing.place(0.001) is False
    leaving = asyncio.create_task(routing.place(60.0))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert routing.waiting == 0
