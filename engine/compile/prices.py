"""What tokens cost: prices as whole numbers, so that sums are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from fnmatch import fnmatchcase

from ..config import model as config
from ..config.units import parse_date

NANO = 10**9
"""Parts of one unit of a currency in which costs are counted."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of each class cost, in billionths of the currency.

    It holds since a moment, in seconds since 1970, and for requests with more than `over` tokens of input.
    """

    currency: str
    since: float
    over: int
    rates: Mapping[str, int]


def prices_of(provider: str, model: str, known: Sequence[config.Price]) -> Sequence[Price]:
    """Give the prices of a provider's model, the one that counts most first: what is written later."""
    return [
        _price(it)
        for it in reversed(known)
        if fnmatchcase(model, it.match) and any(fnmatchcase(provider, pattern) for pattern in it.providers)
    ]


def _price(given: config.Price) -> Price:
    """Fill in the classes that a price does not name: each costs as much as the one that it is a part of."""
    rates = {name: int(Decimal(text) * NANO) for name, text in given.rates.items()}
    rates.setdefault("output", 0)
    for name, of in (("cache_read", "input"), ("cache_write", "input"), ("reasoning", "output")):
        rates.setdefault(name, rates[of])
    rates.setdefault("cache_write_long", rates["cache_write"])
    since = parse_date(given.since).astimezone(UTC).timestamp() if given.since is not None else 0.0
    return Price(given.currency, since, given.over, rates)
