"""The report: tables in Markdown, a row for each kind of work, a column for each target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .figures import Figure, ratio
from .work import BIG, BURST, JSON, SLOW, Work

OURS = "ours"
FLOORS = ("floor", "parsing floor")
Figures = Mapping[tuple[Work, str], Figure]
"""CPU seconds by work and target."""

_UNITS = {
    JSON: ("ms a request", 1e3),
    BURST: ("µs an event", 1e6),
    SLOW: ("µs an event", 1e6),
    BIG: ("ms a request", 1e3),
}


def costs(figures: Figures, names: Sequence[str]) -> Iterator[str]:
    """CPU by kind of work, each beside how often the floors are in ours."""
    yield from _head("CPU", [*names, *(f"ours ÷ {floor}" for floor in FLOORS)])
    for work in dict.fromkeys(work for work, _ in figures):
        unit, factor = _UNITS[work.kind]
        cells = [_cell(figures.get((work, name)), factor) for name in names]
        cells += [_ratio(figures, work, floor) for floor in FLOORS]
        yield _row(f"{work.name}, {unit}", cells)


def against(figures: Figures, names: Sequence[str]) -> Iterator[str]:
    """How many times more than ours the others cost."""
    yield from _head("times ours", names)
    for work in dict.fromkeys(work for work, _ in figures):
        mine = figures.get((work, OURS))
        pairs = [figures.get((work, name)) for name in names]
        yield _row(work.name, [ratio(it, mine) if it and mine else "" for it in pairs])


def plain(title: str, rows: Mapping[str, Mapping[str, Figure]], names: Sequence[str]) -> Iterator[str]:
    """Figures as they are: a row each, a column for each target."""
    yield from _head(title, names)
    for row, cells in rows.items():
        yield _row(row, [_cell(cells.get(name), 1.0) for name in names])


def _ratio(figures: Figures, work: Work, floor: str) -> str:
    mine, theirs = figures.get((work, OURS)), figures.get((work, floor))
    return ratio(mine, theirs) if mine and theirs else ""


def _cell(figure: Figure | None, factor: float) -> str:
    return str(figure.times(factor)) if figure else ""


def _head(title: str, names: Sequence[str]) -> Iterator[str]:
    yield _row(title, names)
    yield _row("---", ["---"] * len(names))


def _row(first: str, cells: Sequence[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"
