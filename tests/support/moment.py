"""A worker's memory of targets whose clock only moves when a test says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from torouter.routing.state import Routing

NOON = 1_800_000_000.0
"""Seconds since 1970 when the clock stands at 0."""


@dataclass
class Moment:
    """The time; whoever sleeps moves it, and is noted. `luck` is what chance gives."""

    now: float = 0.0
    luck: float = 1.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def routing(self) -> Routing:
        return Routing(lambda: self.now, lambda: NOON + self.now, lambda: self.luck, self.sleep)
