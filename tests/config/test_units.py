"""Durations, sizes and dates as people write them."""

from datetime import UTC, datetime

import pytest
from torouter.config.units import parse_date, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"), [("2s", 2), ("1.5m", 90), ("500ms", 0.5), ("1h", 3600), ("1d", 86400), ("0", 0)]
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(("text", "size"), [("8MiB", 8 * 1024**2), ("1.5KB", 1500), ("10B", 10)])
def test_sizes_are_bytes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["60", "s", "1 s", "-1s", "1w", ""])
def test_a_duration_needs_a_number_and_a_unit(text: str) -> None:
    with pytest.raises(ValueError, match="units"):
        parse_duration(text)


def test_a_day_begins_at_midnight_utc() -> None:
    assert parse_date("2027-01-31") == datetime(2027, 1, 31, tzinfo=UTC)
    assert parse_date("2027-01-31T12:00:00Z") == datetime(2027, 1, 31, 12, tzinfo=UTC)
