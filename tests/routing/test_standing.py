"""What is remembered of a target that failed, and how many attempts failures may cost."""

from __future__ import annotations

from torouter.compile.policy import Policy, Rule
from torouter.routing.standing import Budget, Standing

POLICY = Policy(cool_max=50.0, retry_after_max=60.0)
COOL = Rule("next", cool=10.0)


def test_a_failure_keeps_it_from_being_called_for_a_while() -> None:
    standing = Standing()
    standing.failed(COOL, POLICY, 100.0, None)
    assert not standing.open(109.9)
    assert standing.left(104.0) == 6.0
    assert standing.open(110.0)


def test_only_so_many_failures_in_a_row_count() -> None:
    standing, rule = Standing(), Rule("next", cool=10.0, after=3)
    for _ in range(2):
        standing.failed(rule, POLICY, 0.0, None)
    assert standing.open(0.0)
    standing.failed(rule, POLICY, 0.0, None)
    assert not standing.open(0.0)


def test_each_time_in_a_row_it_is_left_alone_for_twice_as_long_up_to_a_bound() -> None:
    standing, now, times = Standing(), 0.0, []
    for _ in range(5):
        standing.failed(COOL, POLICY, now, None)
        times.append(standing.left(now))
        now += standing.left(now)
    assert times == [10.0, 20.0, 40.0, 50.0, 50.0]


def test_calls_that_were_under_way_when_it_failed_make_it_no_worse() -> None:
    standing = Standing()
    for _ in range(20):
        standing.failed(COOL, POLICY, 0.0, None)
    assert standing.left(0.0) == 10.0


def test_the_upstreams_own_word_counts_up_to_a_bound() -> None:
    standing = Standing()
    standing.failed(Rule("next", cool=10.0, after=3), POLICY, 0.0, 3.0)
    assert standing.left(0.0) == 3.0
    standing.failed(COOL, POLICY, 0.0, 1e9)
    assert standing.left(0.0) == 60.0


def test_afterwards_one_call_at_a_time_finds_out_whether_it_is_well() -> None:
    standing = Standing()
    standing.failed(COOL, POLICY, 0.0, None)
    standing.probes += 1
    assert not standing.open(10.0)
    standing.probes -= 1
    standing.well()
    assert standing.open(10.0)
    standing.failed(COOL, POLICY, 10.0, None)
    assert standing.left(10.0) == 10.0  # it begins anew


def spent(budget: Budget, policy: Policy, requests: int, every: float) -> int:
    """How many of some requests may be sent once more."""
    taken = 0
    for number in range(requests):
        budget.count(number * every)
        taken += budget.take(policy, number * every)
    return taken


def test_further_attempts_are_a_share_of_the_requests() -> None:
    assert spent(Budget(0.0), Policy(retry_budget=0.2, retry_minimum=0), 1000, 0.001) == 200


def test_over_a_long_time_they_are_no_more_than_that_share() -> None:
    assert spent(Budget(0.0), Policy(retry_budget=0.2, retry_minimum=10), 10_000, 0.05) <= 2010


def test_few_requests_may_be_sent_once_more_in_any_case() -> None:
    assert spent(Budget(0.0), Policy(retry_budget=0.2, retry_minimum=10), 10, 0.001) == 10


def test_what_was_spent_long_ago_counts_no_more() -> None:
    budget, policy = Budget(0.0), Policy(retry_minimum=10)
    assert spent(budget, policy, 10, 0.0) == 10
    assert not budget.take(policy, 0.0)
    assert budget.take(policy, 3600.0)
