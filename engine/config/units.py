"""Durations, sizes and dates as people write them."""

import re
from datetime import UTC, datetime

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_NUMBER_WITH_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]+)")


def parse_duration(text: str) -> float:
    """Seconds of a duration such as `30s` or `1.5m`; raises ValueError."""
    if text == "0":
        return 0.0
    number, unit = _split(text, _SECONDS)
    return number * _SECONDS[unit]


def parse_size(text: str) -> int:
    """Bytes of a size such as `8MiB`; raises ValueError."""
    number, unit = _split(text, _BYTES)
    return int(number * _BYTES[unit])


def _split(text: str, units: dict[str, float] | dict[str, int]) -> tuple[float, str]:
    match = _NUMBER_WITH_UNIT.fullmatch(text)
    if not match or match.group(2) not in units:
        raise ValueError(f"{text!r} is no number with one of the units {', '.join(units)}")
    return float(match.group(1)), match.group(2)


def parse_date(text: str) -> datetime:
    """The moment of a date such as `2027-01-31` (its beginning, UTC) or `2027-01-31T12:00:00Z`; raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
