"""Writing what cases give into their files, for an author who has read that it is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..protocol import WireProtocol
from .case import Case
from .check import check_case, differ, expected
from .run import run_case
from .text import WIDTH, member_lines

_MADE = ("losses", "out", "rejected")


def bless(cases: Iterable[Case], protocols: Mapping[str, WireProtocol]) -> list[Case]:
    """Rewrite the `losses`, `out` and `rejected` of each case that does not hold; give those that were rewritten.

    Everything else in the files stays as it is written.
    """
    failing = [case for case in cases if check_case(case, protocols)]
    files: dict[str, list[str]] = {}
    for case in sorted(failing, key=lambda case: case.entry.span().line, reverse=True):
        name = case.entry.document.file
        lines = files.setdefault(name, case.entry.document.text.split("\n"))
        _rewrite(lines, case, expected(run_case(case, protocols)))
    for name, lines in files.items():
        Path(name).write_text("\n".join(lines), "utf-8")
    return failing


def _rewrite(lines: list[str], case: Case, made: Mapping[str, Any]) -> None:
    """Replace the members of one case that say what it gives; losses stand before what arrives."""
    span = case.entry.span()
    indent = span.column - 1
    start, end = span.line - 1, _end(lines, span.line, indent)
    kept = lines[start:end]
    for member in reversed(_MADE):
        if member in case.data and (member not in made or differ(case.data[member], made[member])):
            first = case.entry.key(member).span().line - 1 - start
            del kept[first : _end(kept, first + 1, indent + 1)]
    for member in _MADE:
        if member in made and (member not in case.data or differ(case.data[member], made[member])):
            written = (" " * indent + line for line in member_lines(member, made[member], WIDTH - indent))
            at = next((n for n, line in enumerate(kept) if line.startswith(" " * indent + "out:")), len(kept))
            kept[at:at] = written
    lines[start:end] = kept


def _end(lines: list[str], start: int, indent: int) -> int:
    """The first line behind `start` that is indented less, without the empty lines before it."""
    end = start
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) >= indent):
        end += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return end
