"""What a few rounds say: a median with its range, and how two of them compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """Values of the same thing, one of each round."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.values)

    def times(self, factor: float) -> Figure:
        """The same in another unit."""
        return Figure([value * factor for value in self.values])

    def less(self, other: Figure) -> Figure:
        """What is left when what another took in the same round is taken off."""
        return Figure([mine - theirs for mine, theirs in zip(self.values, other.values, strict=True)])

    def __str__(self) -> str:
        shown = [_shown(value) for value in (self.median, min(self.values), max(self.values))]
        return shown[0] if len(self.values) == 1 else f"{shown[0]} ({shown[1]}–{shown[2]})"


def ratio(one: Figure, other: Figure) -> str:
    """How often one is the other, by their medians."""
    return f"{one.median / other.median:.1f}×" if other.median > 0 else "–"


def _shown(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
