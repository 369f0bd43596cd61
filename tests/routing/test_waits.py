"""How long an upstream asks us to wait, in all the forms in which headers say it."""

from __future__ import annotations

import pytest
from torouter.routing.waits import wait_of

NOW = 1_800_000_000.0      # 2027-01-15T08:00:00Z
NAMES = ("x-wait-ms", "retry-after", "x-reset")


@pytest.mark.parametrize("header, text, seconds", [
    ("retry-after", "7", 7.0),
    ("retry-after", "0.5", 0.5),
    ("retry-after", "0", 0.0),
    ("retry-after", " 7 ", 7.0),
    ("retry-after", "Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
    ("retry-after", "Friday, 15-Jan-27 08:00:30 GMT", 30.0),
    ("retry-after", "Fri, 15 Jan 2027 07:59:30 GMT", 0.0),
    ("x-wait-ms", "1500", 1.5),
    ("x-reset", "1m30s", 90.0),
    ("x-reset", "6m0s", 360.0),
    ("x-reset", "20ms", 0.02),
    ("x-reset", "1h", 3600.0),
    ("x-reset", "2.5s", 2.5),
    ("x-reset", "1800000012", 12.0),
    ("x-reset", "1800000012000", 12.0),
    ("x-reset", "2027-01-15T08:00:09Z", 9.0),
    ("x-reset", "2027-01-15T08:00:09", 9.0),
])  # fmt: skip
def test_a_header_says_how_many_seconds(header: str, text: str, seconds: float) -> None:
    assert wait_of({header: text}, NAMES, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("text", [
    "", " ", "-1", "soon", "1e9", "NaN", "Infinity", "0x10", "7 s", "s", "1x", "٣", "99999999999999999999", "1m2",
    "Fri, 99 Jan 2027 08:00:30 GMT", "2027-13-01T00:00:00Z", "1" * 5000, "m" * 5000,
])  # fmt: skip
def test_what_makes_no_sense_says_nothing(text: str) -> None:
    assert wait_of({"retry-after": text}, NAMES, NOW) is None


def test_the_first_header_that_makes_sense_is_taken() -> None:
    assert wait_of({"x-wait-ms": "soon", "retry-after": "3", "x-reset": "1h"}, NAMES, NOW) == 3.0


def test_other_headers_say_nothing() -> None:
    assert wait_of({"x-other": "3"}, NAMES, NOW) is None
