"""What tokens cost: prices as whole numbers, so that sums are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from fnmatch import fnmatchcase

from ..config import price as config
from ..config.units import parse_date

NANO = 10**9
"""Parts of one unit of a currency in which costs are counted."""

_PARTS = (
    ("cache_read", "input"), ("cache_write", "input"), ("image_input", "input"), ("audio_input", "input"),
    ("reasoning", "output"), ("image_output", "output"), ("audio_output", "output"),
)  # fmt: skip


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
    """Give the prices of a provider's model, the one that counts most first.

    A user's own counts before a built-in one, a longer pattern before a shorter one, what is written later before what
    stands above it.
    """
    fitting = [it for it in reversed(known) if _is_of(it, provider) and fnmatchcase(model, it.match)]
    return [_price(it) for it in sorted(fitting, key=lambda it: (it.shipped, -len(it.match)))]


def _is_of(price: config.Price, provider: str) -> bool:
    """Tell whether a price is one of a provider; most say its very name."""
    return provider in price.providers or any("*" in it and fnmatchcase(provider, it) for it in price.providers)


def _price(given: config.Price) -> Price:
    """Fill in the classes that a price does not name: each costs as much as the one that it is a part of."""
    rates = {name: int(Decimal(text) * NANO) for name, text in given.rates.items()}
    rates.setdefault("output", 0)
    for name, of in _PARTS:
        rates.setdefault(name, rates[of])
    rates.setdefault("cache_write_long", rates["cache_write"])
    since = parse_date(given.since).astimezone(UTC).timestamp() if given.since is not None else 0.0
    return Price(given.currency, since, given.over, rates)
