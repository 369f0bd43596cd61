"""What a request used, and what that cost, read from the finished exchange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..canonical.usage import uncached_input, visible_output
from ..compile.prices import Price
from ..pipeline.errors import STATUS
from ..pipeline.exchange import Exchange
from ..pipeline.outcomes import LEFT, OK, Attempt
from ..store import UsageRecord

_COUNTED = ("input", "cache_read", "cache_write", "cache_write_long", "output", "reasoning")
_RECORDED = ("input", "cache_read", "cache_write", "output", "reasoning")
_NONE = (0,) * len(_RECORDED)
_UNTOLD: Sequence[int | None] = (None,) * len(_RECORDED)
_MEDIA = {"image_input": "input", "audio_input": "input", "image_output": "output", "audio_output": "output"}
_OUTCOMES = frozenset({OK, LEFT, *STATUS})
_MILLION = 10**6
_MOST = 2**53
"""More tokens than that are nonsense, and would be no exact numbers in every place."""

Tokens = Mapping[str, int]
Cost = tuple[int, str]
"""Billionths of a currency, and the currency."""


class Names(NamedTuple):
    """Who answered a request, in the names of the configuration; empty where it did not get that far."""

    endpoint: str
    model: str
    provider: str
    outcome: str


def names_of(exchange: Exchange) -> Names:
    """Give the names of a finished request."""
    target = exchange.target or next(iter(exchange.targets), None)
    outcome = exchange.outcome or OK
    return Names(
        exchange.endpoint.id if exchange.endpoint is not None else "",
        str(target.view.get("name", "")) if target is not None else "",
        exchange.target.provider.id if exchange.target is not None else "",
        outcome if outcome in _OUTCOMES else "server",
    )


def tokens_of(usage: Mapping[str, Any]) -> Tokens | None:
    """Give the counters of canonical usage; none if it tells none. What is no number of tokens is passed over."""
    known = {name: count for name in _COUNTED if type(count := usage.get(name)) is int and 0 <= count < _MOST}
    media = usage.get("native")
    if known and media:
        known |= {name: count for name in _MEDIA if type(count := media.get(name)) is int and 0 <= count < _MOST}
    return known or None


def classes(tokens: Tokens) -> Mapping[str, int]:
    """Give the tokens by classes that do not overlap.

    How much of an image was read from a cache is not told: media are taken out of what was not.
    """
    told = tokens.get
    written = told("cache_write", 0)
    long = min(told("cache_write_long", 0), written)
    found = {
        "input": uncached_input(tokens),
        "cache_read": told("cache_read", 0),
        "cache_write": written - long,
        "cache_write_long": long,
        "output": visible_output(tokens),
        "reasoning": told("reasoning", 0),
    }
    if not _MEDIA.keys().isdisjoint(tokens):
        for name, of in _MEDIA.items():
            if name in tokens:
                found[name] = min(tokens[name], found[of])
                found[of] -= found[name]
    return found


class Spent(NamedTuple):
    """What one attempt used: its tokens, the same by classes that do not overlap, and the cost, if a price holds."""

    tokens: Tokens
    classes: Tokens
    cost: Cost | None


def spent_by(attempt: Attempt, at: float) -> Spent | None:
    """Give what an attempt of a request that began `at` used; nothing where it told nothing."""
    tokens = tokens_of(attempt.usage) if attempt.usage else None
    if tokens is None:
        return None
    split = classes(tokens)
    return Spent(tokens, split, _cost(tokens, split, attempt.prices, at))


def cost_of(tokens: Tokens, prices: Sequence[Price], at: float) -> Cost | None:
    """Give the cost; none where no price holds."""
    return _cost(tokens, classes(tokens), prices, at)


def _cost(tokens: Tokens, split: Tokens, prices: Sequence[Price], at: float) -> Cost | None:
    size = tokens.get("input", 0)
    for price in prices:
        if price.since <= at and (not price.over or size > price.over):
            total = sum([count * price.rates[name] for name, count in split.items() if count])
            return (total + _MILLION // 2) // _MILLION, price.currency
    return None


class Used(NamedTuple):
    """What each attempt used, and the tokens and the cost of all together; nothing where it is not known."""

    each: Sequence[Spent | None]
    tokens: Tokens | None
    cost: Cost | None


def used_of(tries: Sequence[Attempt], at: float) -> Used:
    """Give what the attempts of a request that began `at` used.

    The cost of all is known if that of each is known that told its tokens, and if it is one currency.
    """
    each = [spent_by(attempt, at) for attempt in tries]
    told = [one for one in each if one is not None]
    if len(told) < 2:
        return Used(each, told[0].tokens, told[0].cost) if told else Used(each, None, None)
    sums: Counter[str] = Counter()
    for one in told:
        sums.update(one.tokens)
    costs = [one.cost for one in told if one.cost is not None]
    known = len(costs) == len(told) and len({currency for _, currency in costs}) == 1
    return Used(each, sums, (sum(amount for amount, _ in costs), costs[0][1]) if known else None)


def record_of(
    exchange: Exchange, names: Names, used: Used, status: int, at: float, seconds: float
) -> UsageRecord | None:
    """Give the record of a finished request that began `at`; none for one without a valid key."""
    key, tries = exchange.key, exchange.tries
    if key is None:
        return None
    tokens, (cost, currency) = used.tokens, used.cost or (None, None)
    read, from_cache, to_cache, said, thought = map(tokens.get, _RECORDED, _NONE) if tokens is not None else _UNTOLD
    return UsageRecord(
        exchange.request_id,
        at,
        key.id,
        key.group,
        names.endpoint,
        names.model,
        names.provider,
        exchange.target.model if exchange.target is not None else "",
        names.outcome,
        status,
        exchange.stream,
        len(tries),
        seconds,
        tries[-1].first if tries else None,
        read,
        from_cache,
        to_cache,
        said,
        thought,
        cost,
        currency,
    )
