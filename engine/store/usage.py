"""What requests used: one record of each, and sums over many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple


class UsageRecord(NamedTuple):
    """One request. `at` in seconds since 1970, `seconds` until its end, `first` until the first output of a stream.

    All names are those of the configuration; `model` is the public one, `target` the provider's. Tokens are counted in
    the inclusive form, and None where no provider told any; `cost` is in billionths of the currency, and None where it
    is not known. `attempts` is how often a target was called.
    """

    id: str
    at: float
    key: str
    group: str
    endpoint: str
    model: str
    provider: str
    target: str
    outcome: str
    status: int
    stream: bool
    attempts: int
    seconds: float
    first: float | None = None
    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None
    reasoning: int | None = None
    cost: int | None = None
    currency: str | None = None


COLUMNS = UsageRecord._fields

GROUPINGS: Mapping[str, Callable[[UsageRecord], str]] = {
    "day": lambda record: datetime.fromtimestamp(record.at, UTC).strftime("%Y-%m-%d"),
    **{name: attrgetter(name) for name in ("key", "group", "model", "provider", "target", "endpoint", "outcome")},
}
"""By what requests can be put together, and how each is read from a record."""


@dataclass(slots=True)
class UsageSum:
    """What some requests used together; `of` says what they have in common.

    `failed` are those whose outcome is an error, `unpriced` those with tokens whose cost is not known. `costs` are in
    billionths of each currency.
    """

    of: tuple[str, ...]
    requests: int = 0
    failed: int = 0
    attempts: int = 0
    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    unpriced: int = 0
    costs: dict[str, int] = field(default_factory=dict)

    def take(self, numbers: Sequence[Any], cost: int | None, currency: str | None) -> None:
        """Add numbers in the order of `SUMMED`, and what they cost."""
        for name, number in zip(SUMMED, numbers, strict=True):
            setattr(self, name, getattr(self, name) + (number or 0))
        if currency is not None:
            self.costs[currency] = self.costs.get(currency, 0) + (cost or 0)


SUMMED = ("requests", "failed", "attempts", "input", "cache_read", "cache_write", "output", "reasoning", "unpriced")
"""The numbers of a sum."""

GOOD = ("ok", "client_closed")
"""The outcomes that are no failure."""


def sums(records: Iterable[UsageRecord], by: Sequence[str]) -> Sequence[UsageSum]:
    """Put records together, in the order of what they have in common."""
    found: dict[tuple[str, ...], UsageSum] = {}
    for it in records:
        of = tuple(GROUPINGS[name](it) for name in by)
        failed, unpriced = it.outcome not in GOOD, it.input is not None and it.cost is None
        tokens = it.input, it.cache_read, it.cache_write, it.output, it.reasoning
        numbers = (1, failed, it.attempts, *tokens, unpriced)
        found.setdefault(of, UsageSum(of)).take(numbers, it.cost, it.currency)
    return [found[of] for of in sorted(found)]
