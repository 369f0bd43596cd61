"""How long an upstream asks us to wait: the forms in which headers say it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 64
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_PART = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
_DURATION = re.compile(rf"(?=[0-9])(?:{_PART}h)?(?:{_PART}m(?!s))?(?:{_PART}s)?(?:{_PART}ms)?")
_MOMENT = 1e9  # seconds that are more are counted from 1970, not from now
_MOMENT_MS = 1e12


def wait_of(headers: Mapping[str, str], names: Sequence[str], now: float) -> float | None:
    """Seconds that the first of some headers asks for; nothing where none says anything sensible.

    `now` is in seconds since 1970. A number is seconds, or milliseconds where the header's name ends in `-ms`; a large
    one is a moment. Text is a duration as `1m30s`, or a date of HTTP or of ISO 8601.
    """
    for name in names:
        text = headers.get(name, "").strip()
        unit = 0.001 if name.endswith("-ms") else 1.0
        seconds = _seconds(text, now, unit) if 0 < len(text) <= _LONGEST else None
        if seconds is not None and math.isfinite(seconds):
            return max(0.0, seconds)
    return None


def _seconds(text: str, now: float, unit: float) -> float | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        if number >= _MOMENT_MS:
            return number / 1000 - now
        return number - now if number >= _MOMENT and unit == 1.0 else number * unit
    if found := _DURATION.fullmatch(text):
        hours, minutes, seconds, thousandths = (float(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
    moment = _moment(text)
    return moment.timestamp() - now if moment is not None else None


def _moment(text: str) -> datetime | None:
    if ":" not in text:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None
