"""What runs: closures at first, and generated code for what runs often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import ref

Run = Callable[..., Any]
T = TypeVar("T")

OFTEN = 100
"""Runs after which the time that a source takes to compile comes back soon."""


class Kept(Generic[T]):
    """What is compiled of something that is written, as long as closures may be made of it, or code.

    Generated code needs none of it: once all that has begun to run is generated, it is let go of. What begins later,
    and who only looks, has it compiled again.
    """

    __slots__ = ("_compile", "_counting", "_found", "_is_over")

    def __init__(self, compile: Callable[[], T], found: T | None = None) -> None:
        self._compile = compile
        self._found = found
        self._counting = 0
        self._is_over = False

    def get(self) -> T:
        """Give it, compiled if it is not there."""
        found = self._found
        if found is None:
            found = self._compile()
            if self._counting or not self._is_over:
                self._found = found
        return found

    def begins(self) -> None:
        """Take note that something runs now that will be generated from it."""
        self._counting += 1

    def ends(self) -> None:
        """Take note that something that ran is generated code now."""
        self._counting -= 1
        if not self._counting:
            self._found, self._is_over = None, True


class Tier:
    """Runs one thing in the way that pays: `run` are its closures, made when they are needed, and then generated code.

    Both are made of what is `kept`. `source` gives nothing for what has none. Neither it nor what it runs holds itself:
    what is loaded is kept from the collector of garbage, so that a circle would stay for good.
    """

    __slots__ = ("__weakref__", "_closures", "_kept", "_runs", "_source", "run")

    def __init__(self, closures: Callable[[], Run], source: Callable[[], Run | None], kept: Kept[Any]) -> None:
        self._closures = closures
        self._source = source
        self._kept = kept
        self._runs = 0
        self.run: Run = _beginning(ref(self))

    def closures(self) -> Run:
        """Give the closures."""
        return self._closures()

    def source(self) -> Run | None:
        """Give the generated code, if there is any."""
        return self._source()

    def begin(self, *values: Any) -> Any:
        """Run for the first time."""
        self._kept.begins()
        closures, this = self._closures(), ref(self)

        def run(*values: Any) -> Any:
            if (tier := this()) is not None:
                tier.count(closures)
            return closures(*values)

        self.run = run
        return run(*values)

    def count(self, closures: Run) -> None:
        """Take note of a run of the closures; generated code follows the last of them."""
        self._runs += 1
        if self._runs == OFTEN:
            self.run = self._source() or closures
            self._kept.ends()


def _beginning(this: ref[Tier]) -> Run:
    def run(*values: Any) -> Any:
        tier = this()
        assert tier is not None, "whoever runs something holds it"
        return tier.begin(*values)

    return run
