"""What a policy says, compiled: how long to wait, which failures mean what, how many attempts are worth it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from ..config import policy as config

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Rule:
    """What an outcome means: for the request (`then`), and for who gave it; times in seconds.

    `cool` keeps the target, or the whole provider, from being called after so many failures in a row; `dead` the
    provider at once, because its credential is refused.
    """

    then: str = "give_up"
    cool: float = 0.0
    after: int = 1
    of: str = "target"
    dead: float = 0.0


NEXT = Rule("next")
GIVE_UP = Rule()

# Where a policy says nothing of an outcome.
PLAIN: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(("dns", "connect", "tls", "first_byte", "idle", "reset", "truncated", "malformed"), NEXT),
        **dict.fromkeys(("empty", "error_body", "error_event"), NEXT),
        **dict.fromkeys(("upstream_auth", "rate_limit", "408", "5xx"), NEXT),
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Timers in seconds, limits of what is tried, and the rule of each outcome by its name."""

    id: str = DEFAULT
    connect: float = 5.0
    first_byte: float = 120.0
    idle: float = 300.0
    total: float = 1800.0
    slow_reader: float = 60.0
    attempts: int = 3
    retry_budget: float = 0.2
    retry_minimum: int = 10
    backoff: float = 0.2
    backoff_max: float = 5.0
    retry_after: Sequence[str] = ("retry-after",)
    retry_after_max: float = 60.0
    cool_max: float = 300.0
    all_cool: str = "try"
    queue: float = 0.0
    fallback_may_lose: bool = False
    outcomes: Mapping[str, Rule] = field(default_factory=dict)

    def rule(self, names: Sequence[str]) -> Rule:
        """The rule of an outcome by its names, the most particular first."""
        for rules in (self.outcomes, PLAIN):
            for name in names:
                if name in rules:
                    return rules[name]
        return GIVE_UP


def compile_policies(given: Mapping[str, config.Policy]) -> Mapping[str, Policy]:
    """Compile every policy; what one does not say, `default` says."""
    default = _over(Policy(), DEFAULT, given.get(DEFAULT))
    return {DEFAULT: default, **{name: _over(default, name, it) for name, it in given.items() if name != DEFAULT}}


def timed(policy: Policy, timers: config.Timers) -> Policy:
    """Give the policy with the timers of one provider."""
    said = {name: getattr(timers, name) for name in (each.name for each in fields(timers))}
    return replace(policy, **{name: value for name, value in said.items() if value is not None})


def _over(base: Policy, id: str, given: config.Policy | None) -> Policy:
    if given is None:
        return base
    outcomes = {**base.outcomes, **{name: _rule(rule) for name, rule in given.outcomes.items()}}
    return replace(timed(base, given.timers), id=id, outcomes=outcomes, **given.members)


def _rule(given: config.Outcome) -> Rule:
    return Rule(given.then, given.cool, given.after, given.of, given.dead)
