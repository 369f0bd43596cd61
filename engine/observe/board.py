"""Numbers that all workers of a gateway share: each writes a region of its own, any of them reads the sum.

A region is a list of series, one behind the other: the length of the name, the number of values, the name padded to
eight bytes, the values as doubles. How much of it is in use stands in front and is written last, so that a reader never
sees half a series. One process writes a region, so nothing is locked; whoever takes over the region of a worker that
died counts on from its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct

import orjson

from .metric import GAUGE, Metric, Name

REGION = 4 * 1024 * 1024
"""Bytes of one worker. What is never written to takes no memory."""

_WORD = 8
_FRONT = Struct("<Q")
_HEAD = Struct("<II")


class Board:
    """One worker's region of a shared memory, and the sums over all regions.

    `lives` tells of a region whether its worker runs: what a dead one counted stays, what it held is gone.
    """

    def __init__(
        self,
        memory: memoryview,
        slot: int = 0,
        region: int = REGION,
        lives: Callable[[int], bool] = lambda slot: True,  # noqa: ARG005 - whoever cannot tell
    ) -> None:
        self._memory = memory
        self._region = region
        self._lives = lives
        self._bytes = memory[slot * region : (slot + 1) * region]
        self._numbers = self._bytes.cast("d")
        self._used = max(_used(self._bytes), _FRONT.size)
        self._places: dict[tuple[str, Name], int] = {}
        self.refused = 0
        """How many times a number found no room for its series."""
        for name, place, count in _series(self._bytes):
            self._places[_read_name(name)] = place // _WORD
            if name.startswith(_GAUGES):  # of whoever had this region before
                self._numbers[place // _WORD : place // _WORD + count] = _zeros(count)

    @classmethod
    def alone(cls, region: int = REGION) -> Board:
        """Make a board that no other process sees."""
        return cls(memoryview(bytearray(region)), 0, region)

    def add(self, metric: Metric, labels: Name, amount: float = 1.0) -> None:
        """Add to a counter or a gauge."""
        place = self._places.get((metric.id, labels)) or self._place(metric, labels)
        if place:
            self._numbers[place] += amount

    def set(self, metric: Metric, labels: Name, value: float) -> None:
        """Say what a gauge is now."""
        place = self._places.get((metric.id, labels)) or self._place(metric, labels)
        if place:
            self._numbers[place] = value

    def observe(self, metric: Metric, labels: Name, value: float) -> None:
        """Count a value in a histogram."""
        place = self._places.get((metric.id, labels)) or self._place(metric, labels)
        if place:
            self._numbers[place + metric.bucket(value)] += 1.0
            self._numbers[place + metric.size - 1] += value

    def sums(self) -> dict[tuple[str, Name], list[float]]:
        """Every series with its values, added up over all workers."""
        found: dict[tuple[str, Name], list[float]] = {}
        for start in range(0, len(self._memory), self._region):
            region = self._memory[start : start + self._region]
            if _used(region) <= _FRONT.size:
                continue
            numbers, lives = region.cast("d"), self._lives(start // self._region)
            for name, place, count in _series(region):
                if not lives and name.startswith(_GAUGES):
                    continue
                values: list[float] = [*numbers[place // _WORD : place // _WORD + count]]
                key = _read_name(name)
                known = found.get(key)
                found[key] = values if known is None else [a + b for a, b in zip(known, values, strict=True)]
        return found

    def _place(self, metric: Metric, labels: Name) -> int:
        """Make a series; gives the place of its first value, or 0 where there is no room."""
        name = orjson.dumps([metric.id, *labels])
        start = self._used
        values = start + _HEAD.size + _padded(len(name))
        end = values + metric.size * _WORD
        if end > self._region:
            self.refused += 1
            return 0
        _HEAD.pack_into(self._bytes, start, len(name), metric.size)
        self._bytes[start + _HEAD.size : start + _HEAD.size + len(name)] = name
        self._numbers[values // _WORD : end // _WORD] = _zeros(
            metric.size
        )  # a worker may have died while it wrote here
        _FRONT.pack_into(self._bytes, 0, end)
        self._used = end
        self._places[metric.id, labels] = values // _WORD
        return values // _WORD


def _series(region: memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Every series of a region: its name, the place of its values in bytes, how many there are."""
    at, end = _FRONT.size, _used(region)
    while at < end:
        length, count = _HEAD.unpack_from(region, at)
        values = at + _HEAD.size + _padded(length)
        yield bytes(region[at + _HEAD.size : at + _HEAD.size + length]), values, count
        at = values + count * _WORD


def _used(region: memoryview) -> int:
    return int(_FRONT.unpack_from(region, 0)[0])


def _padded(length: int) -> int:
    return -(-length // _WORD) * _WORD


def _read_name(name: bytes) -> tuple[str, Name]:
    metric, *labels = orjson.loads(name)
    return metric, tuple(labels)


def _zeros(count: int) -> memoryview[float]:
    return memoryview(bytes(count * _WORD)).cast("d")


_GAUGES = b'["' + GAUGE.encode()
