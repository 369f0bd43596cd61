"""Marks: where values stand in a text, down to the character of a scalar's value."""

import re
from bisect import bisect_right
from dataclasses import dataclass

from ..diagnostics import Span

Path = tuple[str | int, ...]

_BREAKS = re.compile(r"[ \t]*(?:\r?\n[ \t]*)+")
_LINE_BREAK = re.compile(r"\r?\n")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n[ \t]*|.)", re.DOTALL)
_HEADER = re.compile(r"[|>][-+0-9]*[^\n]*\n")


@dataclass(frozen=True, slots=True)
class Mark:
    """The place of one value or key: `start` and `end` are character indexes into the text of the file.

    `style` is `'`, `"`, `|` or `>` for quoted and block scalars, and empty for plain scalars, lists and mappings;
    `flow` tells whether it stands inside `{ }` or `[ ]`, `scalar` whether it is a single value.
    """

    start: int
    end: int
    style: str = ""
    flow: bool = False
    scalar: bool = False


class Lines:
    """The beginnings of the lines of a text, looked for when an index is first turned into a line and a column."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] = []

    def span(self, file: str, start: int, length: int = 1) -> Span:
        """The span of `length` characters from an index, cut at the end of its line."""
        starts = self._starts or [0, *(match.end() for match in re.finditer("\n", self._text))]
        self._starts = starts
        line = bisect_right(starts, start) - 1
        end = starts[line + 1] - 1 if line + 1 < len(starts) else len(self._text)
        return Span(file, line + 1, start - starts[line] + 1, max(1, min(length, end - start)))


def source_index(text: str, mark: Mark, value: str, offset: int) -> int:
    """The index into `text` of the character `offset` of `value`, which stands at `mark`."""
    if mark.style in ("|", ">"):
        return _block(text, mark.start, mark.end, value, offset)
    if not mark.style:
        return _flow(text, mark.start, mark.end, "", value, offset)
    return _flow(text, mark.start + 1, mark.end - 1, mark.style, value, offset)


def _flow(text: str, at: int, end: int, style: str, value: str, offset: int) -> int:
    """Plain and quoted scalars: a line break and the white space around it are one space or some breaks."""
    done = 0
    while at < end:
        breaks = _BREAKS.match(text, at, end)
        escape = _ESCAPE.match(text, at, end) if style == '"' else None
        if escape and "\n" in escape.group():
            # An escaped line break joins two lines and makes no character.
            at = escape.end()
        elif done >= offset:
            break
        elif breaks:
            at = breaks.end()
            done += _folded(value, done)
        else:
            width = 2 if style == "'" and text[at] == "'" else 1
            at = escape.end() if escape else at + width
            done += 1
    return min(at, end)


def _block(text: str, start: int, end: int, value: str, offset: int) -> int:
    """Literal and folded scalars: every line loses the same indentation."""
    header = _HEADER.match(text, start, end)
    if not header:
        return start
    folds = text[start] == ">"
    indent = _indentation(text[header.end() : end], value)
    at, done = _skip_indent(text, header.end(), end, indent), 0
    while done < offset and at < end:
        line_break = _LINE_BREAK.match(text, at, end)
        if not line_break:
            at, done = at + 1, done + 1
            continue
        # Literal scalars keep each break; in folded ones a run of breaks became one space or fewer breaks.
        done += _folded(value, done) if folds else 1
        while line_break:
            at = _skip_indent(text, line_break.end(), end, indent)
            line_break = _LINE_BREAK.match(text, at, end) if folds else None
    return min(at, end)


def _folded(value: str, at: int) -> int:
    """How many characters of the value a run of line breaks became."""
    breaks = len(value[at:]) - len(value[at:].lstrip("\n"))
    return max(breaks, 1)


def _indentation(body: str, value: str) -> int:
    """How many spaces YAML took from each line: those of the first written line that the value does not have."""
    written = next((line for line in body.split("\n") if line.strip()), "")
    made = next((line for line in value.split("\n") if line.strip()), "")
    return _leading(written) - _leading(made)


def _leading(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _skip_indent(text: str, at: int, end: int, indent: int) -> int:
    stop = min(at + indent, end)
    while at < stop and text[at] == " ":
        at += 1
    return at
