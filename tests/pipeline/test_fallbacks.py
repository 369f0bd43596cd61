"""Other models that stand in, and requests that stick to one target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from torouter.compile.course import Course, Fallback
from torouter.compile.policy import Policy, Rule

from tests.support.fake import POLICY, FakeProvider, FakeSnapshot, FakeTarget
from tests.support.inside import GOOD, Inside, Said, refusing

NEXT = replace(POLICY, outcomes={"5xx": Rule("next")}, attempts=10)
LINES = Said(body=b'{"token":"good"}')


def target(host: str, *fallbacks: Fallback | str, policy: Policy = NEXT, speaks: str = "sse-talk", **options: Any) -> FakeTarget:
    course = Course(options.pop("sticky", None), [it if isinstance(it, Fallback) else Fallback(it) for it in fallbacks])
    provider = FakeProvider(f"http://{host}", id=host, policy=policy, speaks=(speaks,))
    return FakeTarget(provider, course=course, **options)


def calling(models: dict[str, list[FakeTarget]], *good: str, **acts: Said) -> Inside:
    hosts = {it.provider.id for targets in models.values() for it in targets}
    return Inside(FakeSnapshot(models), {host: acts.get(host, GOOD if host in good else refusing(500)) for host in hosts})


async def test_another_model_answers_when_all_targets_of_the_wanted_one_fail() -> None:
    gateway = calling({"m": [target("a", "n"), target("b", "n")], "n": [target("c")]}, "c")
    given, exchange = await gateway.ask()
    assert (given.json, gateway.calls, exchange.target.provider.id) == ({"word": "good"}, "abc", "c")  # type: ignore[union-attr]


async def test_its_own_fallbacks_come_before_the_next_one() -> None:
    models = {"m": [target("a", "n", "o")], "n": [target("b", "p")], "o": [target("c")], "p": [target("d")]}
    gateway = calling(models, "c")
    await gateway.ask()
    assert gateway.calls == "abdc"


async def test_models_that_stand_in_for_each_other_are_called_once() -> None:
    gateway = calling({"m": [target("a", "n")], "n": [target("b", "m")]})
    await gateway.ask()
    assert gateway.calls == "ab"


async def test_a_fallback_may_be_for_one_failure_only() -> None:
    models = {"m": [target("a", Fallback("n", ("413",)))], "n": [target("b")]}
    for status, calls in ((413, "ab"), (400, "a"), (500, "a")):
        gateway = calling(models, "b", a=refusing(status))
        await gateway.ask()
        assert gateway.calls == calls


async def test_after_that_failure_it_comes_before_further_targets() -> None:
    models = {"m": [target("a", Fallback("n", ("413",))), target("c")], "n": [target("b"), target("d")]}
    gateway = calling(models, "c", "d", a=refusing(413))
    await gateway.ask()
    assert gateway.calls == "abd"


async def test_a_mistake_of_the_client_is_no_reason_for_another_model() -> None:
    gateway = calling({"m": [target("a", "n")], "n": [target("b")]}, "b", a=refusing(400))
    await gateway.ask()
    assert gateway.calls == "a"


async def test_a_model_that_the_caller_does_not_have_does_not_stand_in() -> None:
    gateway = calling({"m": [target("a", "other", "n")], "n": [target("b")]}, "b")
    await gateway.ask()
    assert gateway.calls == "ab"


async def test_a_model_whose_targets_are_all_full_has_another_one_answer() -> None:
    one = target("a", "n", concurrent=1)
    gateway = calling({"m": [one], "n": [target("b")]}, "a", "b")
    gateway.gateway.routing.enter(one)  # type: ignore[arg-type]
    await gateway.ask()
    assert gateway.calls == "b"


async def test_a_fallback_that_would_lose_something_is_no_better_than_a_target_to_be_left_alone() -> None:
    policy = replace(NEXT, outcomes={"5xx": Rule("next", cool=10.0)})
    models = {"m": [target("a", "n", policy=policy)], "n": [target("b", speaks="line-talk")]}
    gateway = calling(models, b=LINES)
    for odd, calls in (("warn", "a"), ("warn", "a"), ("drop", "b")):
        await gateway.ask(odd=odd)
        assert gateway.calls == calls


async def test_what_was_learnt_of_targets_outlives_a_configuration() -> None:
    policy = replace(NEXT, outcomes={"5xx": Rule("next", cool=10.0)})
    models = {"m": [target("a", policy=policy, priority=1), target("b", policy=policy, priority=2)]}
    before = calling(models, "b")
    await before.ask()
    after = calling(models, "a", "b")
    after.gateway.routing = before.gateway.routing
    await after.ask()
    assert (before.calls, after.calls) == ("ab", "b")


@pytest.mark.parametrize("severity, may, calls", [
    ("warn", False, "ac"),
    ("warn", True, "ab"),
    ("drop", False, "ab"),
])  # fmt: skip
async def test_a_fallback_that_would_lose_something_is_passed_over_unless_it_may(severity: str, may: bool, calls: str) -> None:
    policy = replace(NEXT, fallback_may_lose=may)
    models = {"m": [target("a", "n", "o", policy=policy)], "n": [target("b", speaks="line-talk")], "o": [target("c")]}
    gateway = calling(models, "c", b=LINES)
    given, _ = await gateway.ask(odd=severity)
    assert (given.status, gateway.calls) == (200, calls)


async def test_what_the_wanted_model_would_lose_too_is_no_reason_to_pass_over() -> None:
    models = {"m": [target("a", "n", speaks="line-talk")], "n": [target("b", speaks="line-talk")]}
    gateway = calling(models, b=LINES)
    given, _ = await gateway.ask(odd="warn")
    assert (given.status, gateway.calls) == (200, "ab")


async def test_a_target_that_cannot_be_told_a_strict_request_is_passed_over() -> None:
    models = {"m": [target("a", speaks="line-talk", priority=1), target("b", priority=2)]}
    gateway = calling(models, "b", a=LINES)
    gateway.gateway.snapshot.settings = replace(gateway.gateway.snapshot.settings, strict=True)  # type: ignore[misc, type-var]
    given, _ = await gateway.ask(odd="warn")
    assert (given.status, gateway.calls) == (200, "b")


async def test_when_no_target_can_be_told_the_client_hears_why() -> None:
    gateway = calling({"m": [target("a", speaks="line-talk")]}, a=LINES)
    gateway.gateway.snapshot.settings = replace(gateway.gateway.snapshot.settings, strict=True)  # type: ignore[misc, type-var]
    given, _ = await gateway.ask(odd="warn")
    assert (given.status, given.json["code"], gateway.calls) == (400, "unsupported_field", "")


async def test_requests_take_turns_unless_they_stick_to_something() -> None:
    def session(context: Any) -> object:
        return context["headers"].get("x-session")

    models = {"m": [target(host, sticky=session) for host in "abc"]}
    gateway = calling(models, "a", "b", "c")
    for _ in range(6):
        await gateway.ask()
    assert gateway.calls == "abcabc"
    for _ in range(6):
        await gateway.ask(headers={"x-session": "1"})
    assert len(set(gateway.calls)) == 1


async def test_what_sticks_goes_elsewhere_while_its_target_cannot_be_called_and_then_comes_back() -> None:
    policy = replace(NEXT, outcomes={"5xx": Rule("next", cool=10.0)})
    models = {"m": [target(host, policy=policy, sticky=lambda _: {"id": 1}) for host in "ab"]}
    gateway = calling(models, "a", "b")
    await gateway.ask()
    home = gateway.calls
    gateway.upstreams.acts[home] = [refusing(500), GOOD]
    for now, calls in ((0.0, {"a", "b"}), (5.0, {"a", "b"} - {home}), (10.0, {home})):
        gateway.moment.now = now
        await gateway.ask()
        assert set(gateway.calls) == calls


async def test_without_a_value_to_stick_to_requests_take_turns() -> None:
    models = {"m": [target(host, sticky=lambda _: None) for host in "ab"]}
    gateway = calling(models, "a", "b")
    for _ in range(4):
        await gateway.ask()
    assert gateway.calls == "abab"


async def test_what_a_variant_of_the_model_sets_is_wanted_of_who_stands_in_too() -> None:
    models = {"m": [target("a", "n", patch={"text": "!"})], "n": [target("b")]}
    gateway = calling(models, "b")
    await gateway.ask()
    assert b'"!"' in gateway.upstreams.sent[-1].body
