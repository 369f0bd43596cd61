"""Bare literals: the one notation that mappings add to the expression grammar.

The grammar writes literals between backticks, which YAML cannot start a scalar with and readers stumble over.
`prepare` turns bare numbers, `true`, `false` and `null` into that form before the library's parser sees the text,
and remembers where every character came from, so that errors still point at the text as written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<quoted>'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | `(?:\\.|[^`\\])*`)
    | (?P<index>\[\s*(?:-?\d+\s*)?(?::\s*(?:-?\d+\s*)?){0,2}\])
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<space>\s+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NAMES = frozenset({"true", "false", "null"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """An expression in the library's notation, with the way back to the text as written."""

    text: str
    _starts: tuple[int, ...]
    _origins: tuple[int, ...]

    def origin(self, offset: int) -> int:
        """Give the place in the written text for an offset in the prepared text."""
        at = bisect_right(self._starts, offset) - 1
        return self._origins[at] + (offset - self._starts[at]) if at >= 0 else offset


def prepare(text: str) -> Prepared:
    """Write the bare literals of an expression in the grammar's own form."""
    out: list[str] = []
    starts: list[int] = [0]
    origins: list[int] = [0]
    length = 0
    before = ""
    for match in _TOKEN.finditer(text):
        piece = match.group()
        literal = match.lastgroup == "number" or (
            match.lastgroup == "word" and piece in _NAMES and before != "." and not _names_a_member(text, match.end())
        )
        written = f"`{piece}`" if literal else piece
        if literal:
            starts += [length, length + len(written)]
            origins += [match.start(), match.end()]
        out.append(written)
        length += len(written)
        if match.lastgroup != "space":
            before = piece
    return Prepared("".join(out), tuple(starts), tuple(origins))


def _names_a_member(text: str, end: int) -> bool:
    """Tell whether the word before `end` is a member's name or a function's, not a value."""
    rest = text[end:].lstrip()
    return rest.startswith((":", "("))
