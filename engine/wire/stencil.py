"""What frames of a stream have in common: the same bytes around a few holes, in which texts, numbers or blanks stand.

A frame that fits holds the same JSON document but for what stands in the holes, by construction: whatever a text says,
it cannot end its place and begin another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal, NamedTuple, Self

import orjson

Kind = Literal["text", "number", "blank"]
Column = Sequence[bytes]

_QUOTED = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"')
_TEXT = re.compile(rb'(?:[^"\\]|\\.)[^"\\]*+(?:\\.[^"\\]*+)*+')
_OUTSIDE = re.compile(rb"(-?[0-9][0-9.eE+-]*|[a-z]+|[^ \t]|)([ \t]*)")
_NUMBERS = re.compile(rb"(?:-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?,)*+")
_DIGITS = b"-0123456789"
_MOST_HOLES = 6
_FILLING: dict[Kind, str] = {"text": "{}", "number": '"{}"', "blank": ""}


class Fit(NamedTuple):
    """What stands in the holes of `length` frames: for each hole of texts its texts, and `written`, as they came.

    Nothing is `written` where there is no such hole, or several, or something is escaped.
    """

    length: int
    texts: Sequence[Sequence[str]] = ()
    written: Column | None = None


NONE = Fit(0)


@dataclass(frozen=True, slots=True)
class Stencil:
    """The bytes before, between and behind the holes; the first `head` bytes stand before the JSON document."""

    head: int
    fixed: tuple[bytes, ...]
    holes: tuple[Kind, ...]
    _marks: tuple[bytes, ...] = field(init=False)  # what stands behind each hole where another frame follows

    def __post_init__(self) -> None:
        object.__setattr__(self, "_marks", (*self.fixed[1:-1], self.fixed[-1] + b"\n" + self.fixed[0]))

    @classmethod
    def of(cls, head: bytes, documents: Sequence[bytes]) -> Self | None:
        """Make the stencil of frames that begin with `head`; nothing where they differ in more than a few values."""
        cut = [_QUOTED.split(document) for document in documents]  # every other piece stood in quotes
        pieces = cut[0]
        if len({len(each) for each in cut}) != 1:
            return None
        differ = [at for at, found in enumerate(zip(*cut, strict=True)) if found.count(found[0]) != len(found)]
        fixed, holes, done = [head], list[Kind](), 0
        for at in differ[:_MOST_HOLES]:
            fixed[-1] += b'"'.join([*pieces[done:at], b""])
            done = at + 1
            if at % 2:
                fixed.append(b'"' if done < len(pieces) else b"")
                holes.append("text")
            elif not _add_outside([each[at] for each in cut], fixed, holes):
                return None
            else:
                fixed[-1] += b'"' if done < len(pieces) else b""
        fixed[-1] += b'"'.join(pieces[done:])
        if not 0 < len(holes) <= _MOST_HOLES or len(differ) > _MOST_HOLES or not all(fixed):
            return None
        return cls(len(head), tuple(fixed), tuple(holes))

    def places(self, frame: bytes) -> Sequence[int]:
        """Where in a frame that fits its holes begin."""
        found, at = list[int](), 0
        for before, [value] in zip(self.fixed, self._columns([frame]) or (), strict=False):
            at += len(before)
            found.append(at)
            at += len(value)
        return found

    def narrowed(self, frame: bytes, keep: Sequence[bool]) -> Self | None:
        """Make the stencil of frames like this one but for some of the holes; nothing if this one does not fit."""
        if not self.fit([frame]).length:
            return None
        fixed, holes, columns = [self.fixed[0]], list[Kind](), self._columns([frame]) or ()
        for [value], hole, behind, kept in zip(columns, self.holes, self.fixed[1:], keep, strict=True):
            if kept:
                fixed.append(behind)
                holes.append(hole)
            else:
                fixed[-1] += value + behind
        return type(self)(self.head, tuple(fixed), tuple(holes))

    def document(self, marks: Sequence[str]) -> Any:
        """Give the JSON document with these texts in its holes, for numbers as well; raises ValueError."""
        told = [_FILLING[hole].format(mark).encode() for hole, mark in zip(self.holes, marks, strict=True)]
        return orjson.loads(b"".join(chain.from_iterable(zip(self.fixed, [*told, b""], strict=True)))[self.head :])

    def fit(self, frames: Sequence[bytes]) -> Fit:
        """See how many of the frames fit, from the first one on, and what stands in their holes."""
        first, last = self.fixed[0], self.fixed[-1]
        most = len(frames)
        while most and not (frames[most - 1].endswith(last) and frames[most - 1].startswith(first)):
            most -= 1  # mostly only the last few are others
        columns = self._columns(frames[:most]) or self._columns_of_first(frames[:most])
        if not columns:
            return NONE
        texts = columns
        if self.holes != ("text",):
            if not all(map(_are_well, columns, self.holes)):
                return NONE
            texts = [column for column, hole in zip(columns, self.holes, strict=True) if hole == "text"]
        count = whole = len(columns[0])
        for column in texts:
            if not all(column) or b'"' in b"".join(column):
                count = min(count, _sound(column))
        return _read(count, texts if count == whole else [column[:count] for column in texts])

    def _columns(self, frames: Sequence[bytes]) -> Sequence[Column] | None:
        """What stands in each hole of the frames; nothing where one of them does not have all that is fixed."""
        first, *inner, last = self.fixed
        start, end, width = len(first), -len(last), len(self.holes)
        pieces = [frame[start:end] for frame in frames]
        if not inner:
            again = self._marks[0].join(pieces)
        else:
            flat = b"\n".join(pieces)
            for mark in inner:
                flat = flat.replace(mark, b"\n")
            pieces = flat.split(b"\n")
            if len(pieces) != width * len(frames):
                return None
            again = b"".join(chain.from_iterable(zip(pieces, self._marks * len(frames), strict=True)))
            again = again[: -len(self._marks[-1])]
        # What was cut out and put back gives the same bytes only if everything fixed was in its place.
        if first + again + last != b"\n".join(frames):
            return None
        return [pieces[place::width] for place in range(width)] if inner else [pieces]

    def _columns_of_first(self, frames: Sequence[bytes]) -> Sequence[Column] | None:
        """What stands in each hole of the frames that have all that is fixed, from the first one on."""
        found, most = 0, len(frames)
        while found < most:
            middle = (found + most + 1) // 2
            if self._columns(frames[found:middle]):
                found = middle
            else:
                most = middle - 1
        return self._columns(frames[:found]) if found else None


def _add_outside(pieces: Sequence[bytes], fixed: list[bytes], holes: list[Kind]) -> bool:
    """Add what stands outside of quotes, in one form in each document; tell whether it differs in a few values only."""
    for found in zip(*map(_OUTSIDE.findall, pieces), strict=False):
        values, blanks = {value for value, _ in found}, {blank for _, blank in found}
        are_numbers = all(value and value[0] in _DIGITS for value in values)
        kinds: Sequence[Kind | None] = ("number" if are_numbers else None, "blank")
        for kind, each in zip(kinds, (values, blanks), strict=True):
            if len(each) == 1:
                fixed[-1] += each.pop()
            elif kind is None:
                return False
            else:
                fixed.append(b"")
                holes.append(kind)
    return len({len(_OUTSIDE.findall(piece)) for piece in pieces}) == 1


def _sound(column: Column) -> int:
    """How many of the texts, from the first one on, are not empty and do not end within."""
    return next((at for at, piece in enumerate(column) if not _TEXT.fullmatch(piece)), len(column))


def _are_well(column: Column, hole: Kind) -> bool:
    """Whether all that stands in a hole may stand there, as far as that can be seen without reading texts."""
    if hole == "number":
        return _NUMBERS.fullmatch(b"%b," % b",".join(column)) is not None
    return hole == "text" or not b"".join(column).strip(b" \t")


def _read(count: int, texts: Sequence[Column]) -> Fit:
    """Read texts in which no quote is left alone; none fits if one is no text of JSON after all."""
    if not texts or not count:
        return Fit(count)
    written = b'","'.join(texts[0] if len(texts) == 1 else chain.from_iterable(texts))
    try:
        read = orjson.loads(b'["%b"]' % written)
    except orjson.JSONDecodeError:
        return NONE
    if len(read) != count * len(texts):  # a text ended in a backslash
        return NONE
    if len(texts) > 1:
        return Fit(count, [read[at : at + count] for at in range(0, len(read), count)])
    return Fit(count, [read], None if b"\\" in written else texts[0])
