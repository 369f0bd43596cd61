"""The outcomes of all probes as a matrix: which field of which protocol gets through to which other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Literal, get_args

from ..protocol import WireProtocol
from .inventory import Inventory
from .probe import Outcome, Status, cover_requests, cover_responses
from .sampler import Probe, probes

# Where a place may be cut: before a member of an object, or of a union; names of the latter may hold dots.
_STEP = re.compile(r"\[\]\.|\.(?![^<]*>)|<")

Direction = Literal["request", "response"]

# From good to bad: of the values that stand for all, the best one tells what the field can do.
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True)
class Field:
    """One field on its way: what became of it, where it went, why, and of single words what became of them instead."""

    name: str
    status: Status
    to: tuple[str, ...] = ()
    why: str = ""
    words: tuple[tuple[str, Outcome], ...] = ()

    @property
    def unlisted(self) -> bool:
        """Whether nothing is said of the field, or of one of its words."""
        return self.status == "unlisted" or any(outcome.status == "unlisted" for _, outcome in self.words)


@dataclass(frozen=True, slots=True)
class Coverage:
    """All fields of one protocol's requests, or answers, on their way to another protocol."""

    source: str
    target: str
    direction: Direction
    fields: tuple[Field, ...]

    def count(self) -> Counter[Status]:
        """Count the fields by what became of them."""
        return Counter("unlisted" if field.unlisted else field.status for field in self.fields)


@dataclass(frozen=True, slots=True)
class Row:
    """One field, or one with all below it, beside several targets."""

    name: str
    fields: tuple[Field, ...]

    @property
    def signs(self) -> tuple[Status, ...]:
        """What became of it, target by target."""
        return tuple(field.status for field in self.fields)


def collapse(pairs: Sequence[Coverage]) -> list[Row]:
    """Put the fields of one protocol beside each other; where all below one share its fate, only that one stays."""
    rows = [Row(fields[0].name, fields) for fields in zip(*(pair.fields for pair in pairs), strict=True)]
    kept: list[Row] = []
    at = 0
    while at < len(rows):
        name, length = _widest(rows, at)
        kept.append(rows[at] if length == 1 else Row(f"{name}.*", rows[at].fields))
        at += length
    return kept


def _widest(rows: Sequence[Row], at: int) -> tuple[str, int]:
    """Find the highest place above a row, or itself, below which all rows share its fate, and count them."""
    first = rows[at]
    for end in (*(match.start() for match in _STEP.finditer(first.name)), len(first.name)):
        above = first.name[:end]
        if not above or (at and _below(above, rows[at - 1])):
            continue
        below = list(takewhile(partial(_below, above), rows[at:]))
        if len(below) > 1 and all(_alike(row, first) for row in below):
            return above, len(below)
    return first.name, 1


def _below(above: str, row: Row) -> bool:
    return row.name == above or (row.name.startswith(above) and row.name[len(above)] in ".[<")


def _alike(one: Row, other: Row) -> bool:
    if any(field.words or field.unlisted for field in one.fields) or one.signs != other.signs:
        return False
    return [field.why for field in one.fields] == [field.why for field in other.fields]


def cover(
    protocols: Mapping[str, WireProtocol],
    inventories: Mapping[str, Inventory],
    *,
    sources: Iterable[str] | None = None,
    targets: Iterable[str] | None = None,
    directions: Collection[Direction] | None = None,
) -> Iterator[Coverage]:
    """Send every field of every inventory to every protocol: requests as a client's, answers as an upstream's."""
    known = sorted(inventories.keys() & protocols.keys())
    sources = known if sources is None else [name for name in known if name in sources]
    targets = sorted(protocols) if targets is None else [name for name in sorted(protocols) if name in targets]
    for name in sources:
        source = protocols[name]
        for direction, run, starts, ends in _WAYS:
            if not starts(source) or (directions is not None and direction not in directions):
                continue
            sent = list(probes(inventories[name], direction))
            for other in targets:
                if ends(protocols[other]) and protocols[other].subject == source.subject:
                    yield Coverage(name, other, direction, tuple(_fields(run(source, protocols[other], sent))))


_Run = Callable[[WireProtocol, WireProtocol, Iterable[Probe]], Iterator[Outcome]]
_Has = Callable[[WireProtocol], bool]
_WAYS: tuple[tuple[Direction, _Run, _Has, _Has], ...] = (
    (
        "request",
        cover_requests,
        lambda source: source.request_decode is not None,
        lambda target: target.request_encode is not None,
    ),
    (
        "response",
        cover_responses,
        lambda source: source.response_decode is not None,
        lambda target: target.response_encode is not None,
    ),
)


def _fields(outcomes: Iterable[Outcome]) -> Iterator[Field]:
    """Put the outcomes of one field together: words differ, other values stand for each other."""
    by_name: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_name.setdefault(outcome.probe.field.removeprefix("."), []).append(outcome)
    for name, found in by_name.items():
        best = min(found, key=lambda outcome: STATUSES.index(outcome.status))
        words = tuple((each.probe.value, each) for each in found if each.probe.value and each.status != best.status)
        to = tuple(dict.fromkeys(place for each in found for place in each.to))
        yield Field(name, best.status, to, best.why, words)
