"""Policies: what one does not say another says, and which one counts for a target."""

from __future__ import annotations

from pathlib import Path

import pytest
from torouter.compile import Snapshot, load_snapshot
from torouter.compile.policy import Policy, Rule, compile_policies

pytestmark = pytest.mark.usefixtures("held")

FILE = """
providers:
  plain: &plain
    base_url: https://plain.example
    speaks: {openai-chat: {path: /chat}}
  own:
    extends: plain
    policy: patient
    concurrent: 7
    timeouts: {idle: 9s}
models:
  one:
    targets:
      - {provider: plain}
      - {provider: own, priority: 1, weight: 3, concurrent: 2}
  two:
    policy: hasty
    targets: [{provider: own}]
    fallback: [one, {model: three, on: [context_length, "413"]}]
    sticky: =headers."x-session" || body.user
  three:
    targets: [{provider: plain}]
policies:
  default:
    extends: default
    attempts: 5
    retry_budget: 12.5%
    retry_after: [X-Wait-Ms]
    outcomes:
      reset: retry
      rate_limit: {then: next, cool: 7s}
  patient: {first_byte: 10m, outcomes: {"503": {then: retry, cool: 2s, after: 4, of: provider}}}
  hasty: {first_byte: 2s, idle: 3s, slow_reader: 4s, queue: 5s, all_cool: refuse, fallback_may_lose: true}
groups:
  all: {models: ["*"], providers: ["*"]}
"""


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    (tmp_path / "routes.yaml").write_text(FILE.replace(" &plain", ""))
    return load_snapshot(tmp_path)


def policies(snapshot: Snapshot, model: str) -> list[Policy]:
    return [target.policy for target in snapshot.resolve(model, "all")]


def test_a_policy_says_what_becomes_of_an_outcome(snapshot: Snapshot) -> None:
    [policy, _] = policies(snapshot, "one")
    assert policy.rule(("reset",)) == Rule("retry")
    assert policy.rule(("429", "rate_limit", "4xx")) == Rule("next", cool=7.0)
    assert policy.rule(("upstream_auth",)).dead > 0  # as the built-in files say
    assert policy.rule(("total",)).then == policy.rule(("418", "invalid_request", "4xx")).then == "give_up"
    assert (policy.attempts, policy.retry_budget, policy.retry_after) == (5, 0.125, ("x-wait-ms",))


def test_what_a_policy_does_not_say_the_default_one_says(snapshot: Snapshot) -> None:
    [_, policy] = policies(snapshot, "one")
    assert policy.rule(("503", "unavailable", "5xx")) == Rule("retry", cool=2.0, after=4, of="provider")
    assert policy.rule(("reset",)) == Rule("retry")
    assert (policy.id, policy.attempts, policy.first_byte) == ("patient", 5, 600.0)


def test_the_policy_of_a_model_counts_before_that_of_a_provider_and_its_timeouts_before_both(
    snapshot: Snapshot,
) -> None:
    [policy] = policies(snapshot, "two")
    assert (policy.id, policy.first_byte, policy.idle, policy.slow_reader) == ("hasty", 2.0, 9.0, 4.0)
    assert (policy.queue, policy.all_cool, policy.fallback_may_lose) == (5.0, "refuse", True)


def test_without_any_rule_what_is_no_mistake_of_the_client_goes_to_the_next_target() -> None:
    policy = compile_policies({})["default"]
    going = [("dns",), ("connect",), ("reset",), ("empty",), ("500", "server", "5xx"), ("429", "rate_limit", "4xx")]
    assert {policy.rule(names).then for names in going} == {"next"}
    assert {policy.rule(names).then for names in [("total",), ("request",), ("404", "not_found", "4xx")]} == {"give_up"}


def test_a_target_has_a_place_a_weight_and_a_limit(snapshot: Snapshot) -> None:
    first, second = snapshot.resolve("one", "all")
    assert (first.priority, first.weight, first.concurrent, first.provider.concurrent) == (1, 1, None, None)
    assert (second.priority, second.weight, second.concurrent, second.provider.concurrent) == (1, 3, 2, 7)


def test_a_model_says_who_stands_in_and_what_requests_stick_to(snapshot: Snapshot) -> None:
    course = snapshot.resolve("two", "all")[0].course
    assert [(it.model, it.on) for it in course.fallbacks] == [("one", ()), ("three", ("context_length", "413"))]
    assert course.sticky is not None
    assert course.sticky({"headers": {}, "body": {"user": "u1"}, "path": {}, "query": {}}) == "u1"
