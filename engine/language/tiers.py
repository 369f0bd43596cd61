"""What runs: closures at first, and generated code for what runs often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]

OFTEN = 100
"""Runs after which the time that a source takes to compile comes back soon."""


class Tier:
    """Runs one thing in the way that pays: `run` are its closures, made when they are needed, and then generated code.

    `source` gives nothing for what has none.
    """

    __slots__ = ("_closures", "_runs", "_source", "run")

    def __init__(self, closures: Callable[[], Run], source: Callable[[], Run | None]) -> None:
        self._closures = closures
        self._source = source
        self._runs = 0
        self.run: Run = self._begin

    def closures(self) -> Run:
        """Give the closures."""
        return self._closures()

    def source(self) -> Run | None:
        """Give the generated code, if there is any."""
        return self._source()

    def _begin(self, *values: Any) -> Any:
        closures = self._closures()

        def run(*values: Any) -> Any:
            self._runs += 1
            if self._runs == OFTEN:
                self.run = self._source() or closures
            return closures(*values)

        self.run = run
        return run(*values)
