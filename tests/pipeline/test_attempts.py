"""What a failure means for the request and for the target, as policies say; no clock runs and nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from torouter.compile.policy import Policy, Rule

from tests.support.fake import POLICY, SSE, FakeEndpoint, FakeProvider, FakeSnapshot, FakeTarget
from tests.support.inside import GOOD, STREAM, Act, Inside, Said, failing, refusing

NEXT, RETRY = Rule("next"), Rule("retry")
COOL = Rule("next", cool=10.0)


def policy(outcomes: Mapping[str, Rule] | None = None, **members: Any) -> Policy:
    return replace(POLICY, outcomes=outcomes or {}, **members)


def targets(hosts: str, rules: Policy = POLICY, **options: Any) -> list[FakeTarget]:
    """One target for each letter, in order."""
    return [
        FakeTarget(FakeProvider(f"http://{host}", id=host, policy=rules), **{"priority": place, **options})
        for place, host in enumerate(hosts)
    ]


def inside(hosts: str, rules: Policy = POLICY, **acts: Act | list[Act]) -> Inside:
    return Inside(FakeSnapshot({"m": targets(hosts, rules)}), acts)


FRAME = b'data: {"%b":"x"}\n\n'
BROKEN = {
    "dns": failing("dns"),
    "connect": failing("connect"),
    "tls": failing("tls"),
    "first_byte": failing("first_byte"),
    "idle": Said(breaks=failing("idle")),
    "total": Said(breaks=failing("total")),
    "reset": Said(breaks=failing("reset")),
    "truncated": Said(breaks=failing("truncated")),
    "malformed": Said(body=b"<html>"),
    "empty": Said(body=b""),
    "error_body": Said(body=b'{"fault":"busy"}'),
}
BROKEN_STREAMS = {
    "error_event": Said(body=(FRAME % b"hello", FRAME % b"fault")),
    "truncated": Said(body=(FRAME % b"hello",)),
    "empty": Said(body=()),
    "idle": Said(body=(FRAME % b"hello",), breaks=failing("idle")),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_failure_has_a_name_by_which_the_policy_knows_it(name: str) -> None:
    calling = inside("ab", policy({name: Rule("give_up")}), a=BROKEN[name], b=GOOD)
    given, exchange = await calling.ask()
    assert (given.status >= 500, calling.calls) == (True, "a")
    calling = inside("ab", policy({name: NEXT}), a=BROKEN[name], b=GOOD)
    given, exchange = await calling.ask()
    assert (given.json, calling.calls) == ({"word": "good"}, "ab")
    assert [it.provider for it in exchange.tries] == ["a", "b"]
    assert exchange.tries[0].outcome in (name, "overloaded")  # an error is known by its kind
    assert exchange.tries[1].outcome == "ok"


@pytest.mark.parametrize("name", BROKEN_STREAMS)
async def test_a_stream_that_fails_before_any_output_has_a_name_too(name: str) -> None:
    calling = inside("ab", policy({name: Rule("give_up")}), a=BROKEN_STREAMS[name], b=STREAM)
    given, _ = await calling.ask(stream=True)
    assert (given.status >= 500, calling.calls) == (True, "a")
    calling = inside("ab", policy({name: NEXT}), a=BROKEN_STREAMS[name], b=STREAM)
    given, _ = await calling.ask(stream=True)
    assert (b"good" in given.body, calling.calls) == (True, "ab")


async def test_a_stream_that_fails_after_output_is_not_begun_again_and_is_held_against_the_target() -> None:
    late = Said(body=(FRAME % b"word",), breaks=failing("reset"))
    calling = inside("ab", policy({"reset": COOL}), a=late, b=STREAM)
    given, exchange = await calling.ask(stream=True)
    assert (given.status, b"fault" in given.body, calling.calls) == (200, True, "a")
    assert [it.outcome for it in exchange.tries] == ["reset"]
    assert exchange.tries[0].first == 0.0
    await calling.ask(stream=True)
    assert calling.calls == "b"


@pytest.mark.parametrize("names, given_up", [
    ({"503": Rule("give_up"), "5xx": NEXT}, True),
    ({"server": Rule("give_up"), "5xx": NEXT}, True),
    ({"503": NEXT, "server": Rule("give_up")}, False),
    ({"5xx": Rule("give_up")}, True),
    ({}, False),
])  # fmt: skip
async def test_the_most_particular_name_counts(names: dict[str, Rule], given_up: bool) -> None:
    calling = inside("ab", policy(names), a=refusing(503), b=GOOD)
    await calling.ask()
    assert calling.calls == ("a" if given_up else "ab")


async def test_the_same_target_may_be_called_once_more_after_a_while() -> None:
    calling = inside("a", policy({"reset": RETRY}, backoff=0.2), a=[failing("reset"), GOOD])
    given, _ = await calling.ask()
    assert (given.status, calling.calls, calling.moment.slept) == (200, "aa", [0.2])


async def test_after_that_another_one_is() -> None:
    calling = inside("ab", policy({"reset": RETRY}), a=failing("reset"), b=GOOD)
    await calling.ask()
    assert calling.calls == "aab"


async def test_chance_spreads_the_wait() -> None:
    calling = inside("a", policy({"reset": RETRY}, backoff=0.2), a=[failing("reset"), GOOD])
    calling.moment.luck = 0.0
    await calling.ask()
    assert calling.moment.slept == [0.1]


@pytest.mark.parametrize("asked, slept", [("3", [3.0]), ("6", [])])
async def test_a_wait_that_is_asked_for_is_kept_if_it_is_short_enough(asked: str, slept: list[float]) -> None:
    calling = inside("ab", policy({"rate_limit": RETRY}, backoff_max=5.0), a=[refusing(429, retry_after=asked), GOOD], b=GOOD)
    await calling.ask()
    assert (calling.moment.slept, calling.calls) == (slept, "aa" if slept else "ab")


async def test_a_limit_keeps_the_target_from_being_called_as_long_as_it_says() -> None:
    calling = inside("ab", policy({"rate_limit": COOL}), a=[refusing(429, retry_after="30"), GOOD], b=GOOD)
    for now, calls in ((0.0, "ab"), (29.9, "b"), (30.0, "a")):
        calling.moment.now = now
        await calling.ask()
        assert calling.calls == calls


async def test_a_refused_credential_takes_the_whole_provider_out() -> None:
    rules = policy({"upstream_auth": Rule("next", dead=600.0)})
    [one, other] = targets("ab", rules)
    snapshot = FakeSnapshot({"m": [one, other], "n": [replace(one, model="m2"), other]})
    calling = Inside(snapshot, {"a": refusing(401), "b": GOOD})
    await calling.ask("m")
    assert calling.calls == "ab"
    await calling.ask("n")
    assert calling.calls == "b"


async def test_when_all_are_to_be_left_alone_the_first_that_may_be_called_again_is() -> None:
    calling = inside("ab", policy({"5xx": COOL}), a=[refusing(500), GOOD], b=refusing(500))
    assert (await calling.ask())[0].status == 503
    calling.calls  # noqa: B018 - forgets them
    assert (await calling.ask())[0].status == 200
    assert calling.calls == "a"


async def test_or_nobody_is_and_the_client_is_told_when_to_ask_again() -> None:
    calling = inside("ab", policy({"5xx": COOL}, all_cool="refuse"), a=refusing(500), b=refusing(500))
    await calling.ask()
    calling.moment.now = 4.0
    assert calling.calls == "ab"
    given, _ = await calling.ask()
    assert (given.status, given.json["code"], given.headers["retry-after"], calling.calls) == (503, "upstream_unavailable", "6", "")


async def test_a_target_that_is_well_again_is_called_as_before() -> None:
    calling = inside("ab", policy({"5xx": COOL}), a=[refusing(500), GOOD], b=GOOD)
    for now, calls in ((0.0, "ab"), (5.0, "b"), (10.0, "a"), (10.0, "a")):
        calling.moment.now = now
        await calling.ask()
        assert calling.calls == calls


async def test_attempts_are_limited() -> None:
    calling = inside("abcd", policy(attempts=3), a=refusing(500), b=refusing(500), c=refusing(500), d=GOOD)
    assert (await calling.ask())[0].status == 503
    assert calling.calls == "abc"


async def test_nothing_is_tried_when_the_time_of_the_request_is_over() -> None:
    slow = replace(refusing(500), takes=60.0)
    calling = inside("ab", policy(total=60.0), a=slow, b=GOOD)
    await calling.ask()
    assert calling.calls == "a"


async def test_a_later_attempt_gets_the_time_that_is_left() -> None:
    slow = replace(refusing(500), takes=45.0)
    calling = inside("ab", policy(total=60.0), a=slow, b=GOOD)
    await calling.ask()
    assert [it.timers.total for it in calling.upstreams.sent] == [60.0, 15.0]


async def test_when_all_fail_attempts_are_no_more_than_the_budget_allows() -> None:
    calling = inside("abc", policy(retry_budget=0.2), a=refusing(500), b=refusing(500), c=refusing(500))
    for _ in range(1000):
        await calling.ask()
    assert len(calling.calls) <= 1200


@pytest.mark.parametrize("acts, status, code, wait", [
    ((refusing(429, retry_after="9"), refusing(429, retry_after="4")), 429, None, "4"),
    ((refusing(429, retry_after="9"), refusing(500)), 503, "upstream_unavailable", "9"),
    ((failing("reset"), failing("reset")), 503, "upstream_unavailable", None),
    ((refusing(429, retry_after="999999999"),), 429, None, "60"),
    ((refusing(500), refusing(400)), 400, None, None),
])  # fmt: skip
async def test_when_nobody_could_answer_the_client_is_told_so_in_its_protocol(
    acts: tuple[Act, ...], status: int, code: str | None, wait: str | None
) -> None:
    hosts = "ab"[: len(acts)]
    given, _ = await inside(hosts, **dict(zip(hosts, acts, strict=True))).ask()
    assert (given.status, given.json.get("code"), given.headers.get("retry-after")) == (status, code, wait)


async def test_a_wait_that_is_not_believed_does_not_reach_the_client_in_another_header() -> None:
    endpoint = FakeEndpoint("sse", "POST", "/sse/talk", SSE, returned=("retry-after-ms", "x-left-*"))
    snapshot = FakeSnapshot({"m": targets("a")}, endpoints=(endpoint,))
    calling = Inside(snapshot, {"a": refusing(429, retry_after_ms="999999999", x_left_now="3")})
    given, _ = await calling.ask()
    assert given.status == 429
    assert "retry-after-ms" not in given.headers
    assert given.headers["x-left-now"] == "3"


async def test_a_full_target_is_passed_over_and_when_all_are_full_the_client_is_told() -> None:
    snapshot = FakeSnapshot({"m": targets("ab", policy(), concurrent=1)})
    calling = Inside(snapshot, {"a": GOOD, "b": GOOD})
    leases = [calling.gateway.routing.enter(snapshot.targets["m"][0])]  # type: ignore[arg-type]
    await calling.ask()
    assert calling.calls == "b"
    leases.append(calling.gateway.routing.enter(snapshot.targets["m"][1]))  # type: ignore[arg-type]
    given, _ = await calling.ask()
    assert (given.status, given.json["code"], given.headers["retry-after"], calling.calls) == (503, "upstream_full", "1", "")


async def test_a_request_may_wait_until_a_place_is_free() -> None:
    snapshot = FakeSnapshot({"m": targets("a", policy(queue=5.0), concurrent=1)})
    calling = Inside(snapshot, {"a": GOOD})
    lease = calling.gateway.routing.enter(snapshot.targets["m"][0])  # type: ignore[arg-type]
    asking = asyncio.create_task(calling.ask())
    while not calling.gateway.routing.waiting:
        await asyncio.sleep(0)
    assert calling.calls == ""
    calling.gateway.routing.leave(lease)
    assert (await asking)[0].status == 200


async def test_a_place_is_free_again_whatever_became_of_the_request() -> None:
    snapshot = FakeSnapshot({"m": targets("a", policy(), concurrent=1)})
    calling = Inside(snapshot, {"a": [failing("reset"), refusing(400), GOOD]})
    assert [(await calling.ask())[0].status for _ in range(3)] == [502, 400, 200]


async def test_a_client_that_does_not_read_has_the_time_that_the_policy_gives() -> None:
    given, _ = await inside("a", policy(slow_reader=7.0), a=STREAM).ask(stream=True)
    assert given.patience == 7.0


async def test_each_attempt_is_on_record() -> None:
    calling = inside("ab", a=replace(refusing(500), takes=2.0), b=replace(STREAM, takes=3.0))
    _, exchange = await calling.ask(stream=True)
    told = [(it.provider, it.model, it.protocol, it.began, it.outcome, it.status, it.seconds, it.first) for it in exchange.tries]
    assert told == [
        ("a", "m1", "sse-talk", 0.0, "server", 500, 2.0, None),
        ("b", "m1", "sse-talk", 2.0, "ok", 200, 3.0, 5.0),
    ]
    assert exchange.attempts == 2
