"""What models cost, as route files say it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..diagnostics import Diagnostics
from .merge import Entry
from .sources import BUILTIN
from .units import parse_date

RATES = (
    "input", "cache_read", "cache_write", "cache_write_long", "output", "reasoning", "image_input", "audio_input",
    "image_output", "audio_output",
)  # fmt: skip
"""The classes of tokens that may have a price of their own."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of each class cost, as decimal text, where model and provider fit; `since` is a date.

    `shipped` tells that it is a built-in one.
    """

    match: str
    providers: tuple[str, ...]
    as_of: str
    source: str
    currency: str
    since: str | None
    over: int
    rates: Mapping[str, str]
    shipped: bool = False


def prices_in(entry: Entry, diagnostics: Diagnostics) -> Iterator[Price]:
    """Give the prices of an entry, one for each pattern; none if a date in it is no day of the calendar."""
    value = entry.value
    if not all(_is_day(entry, member, diagnostics) for member in ("as_of", "since") if member in value):
        return
    patterns = value["match"]
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        yield Price(
            match=pattern,
            providers=tuple(value.get("providers", ("*",))),
            as_of=value["as_of"],
            source=value["source"],
            currency=value.get("currency", "USD"),
            since=value.get("since"),
            over=value.get("over", 0),
            rates={name: str(value[name]) for name in RATES if name in value},
            shipped=entry.origins[0].document.layer == BUILTIN,
        )


def _is_day(entry: Entry, member: str, diagnostics: Diagnostics) -> bool:
    try:
        parse_date(entry.value[member])
    except ValueError:
        diagnostics.error("bad-date", entry.at(member), f'the calendar has no "{entry.value[member]}"')
        return False
    return True
