"""Policies of route files as frozen values: how long to wait, and what failures mean; durations in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .merge import Entry


@dataclass(frozen=True, slots=True)
class Timers:
    """How long to wait, in seconds, and how many targets to try; None means that another place decides."""

    connect: float | None = None
    first_byte: float | None = None
    idle: float | None = None
    total: float | None = None
    slow_reader: float | None = None
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an outcome means for the request and for who gave it; times in seconds."""

    then: Literal["retry", "next", "give_up"]
    cool: float = 0.0
    after: int = 1
    of: Literal["target", "provider"] = "target"
    dead: float = 0.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How long to wait, what failures mean, and further members by name; what is absent, another place decides."""

    id: str
    entry: Entry = field(repr=False, compare=False)
    timers: Timers = Timers()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)
