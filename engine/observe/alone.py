"""Who is left alone now: read from what a worker remembers, again and again, for a moment passes without an event."""

from __future__ import annotations

import asyncio
from collections import Counter

from ..routing.standing import Standing
from ..routing.state import Routing
from . import metrics
from .board import Board
from .metric import Name

AGAIN = 1.0
"""Seconds between two looks."""

COOL, DUE, PROBED = "cool", "due", "probed"


class Lookout:
    """Tells on a board whom a worker leaves alone, by the public name of the model and the provider."""

    def __init__(self, board: Board, routing: Routing) -> None:
        self._board = board
        self._routing = routing
        self._told: set[Name] = set()

    async def run(self) -> None:
        """Look every second; runs until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(AGAIN)

    def look(self) -> None:
        """Say what holds now; what held before and does no longer is 0."""
        now, found = self._routing.clock(), Counter[Name]()
        for provider, model, standing in self._routing.remembered():
            if standing.until is not None:
                found[model, provider, state_of(standing, now)] += 1
        for labels in self._told - found.keys():
            self._board.set(metrics.ALONE, labels, 0)
        for labels, count in found.items():
            self._board.set(metrics.ALONE, labels, count)
        self._told = set(found)


def state_of(standing: Standing, now: float) -> str:
    """Give the state of one who failed: cool, due to be asked again, or asked by a request that finds out."""
    if standing.probes:
        return PROBED
    return COOL if standing.until is not None and standing.until > now else DUE
