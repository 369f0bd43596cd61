"""Errors and warnings about files: where, what, and how to repair it."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import orjson

from .codes import CODES

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line; line and column are 1-based and count characters."""

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains the first, with a short text."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding; `code` is a key of `CODES`."""

    code: str
    severity: Severity
    message: str
    span: Span | None
    labels: tuple[Label, ...] = ()
    help: str | None = None


class Located(Protocol):
    """Anything that can say where a piece of its text stands."""

    def span(self, offset: int = 0, length: int | None = None) -> Span: ...


Place = Span | Located | None

# Longer lines are cut in excerpts; terminals would wrap them away from their underline.
MAX_LINE = 160


@dataclass(slots=True)
class Diagnostics:
    """Collects findings while files are loaded and compiled; `sources` keeps their text for rendering."""

    items: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether any finding is an error."""
        return any(item.severity == "error" for item in self.items)

    def error(
        self,
        code: str,
        where_or_span: Place,
        message: str,
        *,
        help: str | None = None,
        labels: Iterable[Label] = (),
        offset: int = 0,
        length: int | None = None,
    ) -> None:
        """Add an error; `offset` and `length` count characters of the value's text, no length means all of it."""
        span = _span_of(where_or_span, offset, length)
        self.items.append(Diagnostic(code, "error", message, span, tuple(labels), help))

    def warning(
        self,
        code: str,
        where_or_span: Place,
        message: str,
        *,
        help: str | None = None,
        labels: Iterable[Label] = (),
        offset: int = 0,
        length: int | None = None,
    ) -> None:
        """Add a warning; the arguments are those of `error`."""
        span = _span_of(where_or_span, offset, length)
        self.items.append(Diagnostic(code, "warning", message, span, tuple(labels), help))

    def conceal(self, span: Span) -> None:
        """Replace a stretch of a source by asterisks, so that no excerpt ever shows it."""
        lines = self.sources.get(span.file, "").split("\n")
        line, start = lines[span.line - 1], span.column - 1
        lines[span.line - 1] = line[:start] + "*" * span.length + line[start + span.length :]
        self.sources[span.file] = "\n".join(lines)

    def sorted(self) -> list[Diagnostic]:
        """The findings by file, line and column, each once; those without a place come first."""
        return sorted(dict.fromkeys(self.items), key=_order)


def _span_of(place: Place, offset: int, length: int | None) -> Span | None:
    if place is None or isinstance(place, Span):
        return place
    return place.span(offset, length)


def _order(item: Diagnostic) -> tuple[str, int, int]:
    return (item.span.file, item.span.line, item.span.column) if item.span else ("", 0, 0)


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """The sentence `did you mean "x"?` for the closest candidate, or nothing when none is close."""
    names = {candidate.casefold(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.casefold(), names, n=1, cutoff=0.65)
    return f'did you mean "{names[close[0]]}"?' if close else None


def count_of(number: int, noun: str) -> str:
    """A number with its noun, such as `1 file` and `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def render_terminal(diagnostics: Diagnostics) -> str:
    """Findings with the source line, an underline, related places and help."""
    return "\n".join(_terminal(item, diagnostics.sources) for item in diagnostics.sorted())


def _terminal(item: Diagnostic, sources: Mapping[str, str]) -> str:
    lines = [_headline(item)]
    if item.span:
        lines += _excerpt(item.span, sources, "^")
    for label in item.labels:
        lines.append(f"  {label.span}: {label.text}")
        lines += _excerpt(label.span, sources, "-")
    if item.help:
        lines.append(f"  help: {item.help}")
    return "\n".join(lines) + "\n"


def _headline(item: Diagnostic) -> str:
    place = f"{item.span}: " if item.span else ""
    return f"{place}{item.severity}[{item.code}]: {item.message}"


def _excerpt(span: Span, sources: Mapping[str, str], mark: str) -> list[str]:
    if span.file not in sources:
        return []
    lines = sources[span.file].split("\n")
    if not 1 <= span.line <= len(lines):
        return []
    line, column = _window(lines[span.line - 1].rstrip("\r"), span.column)
    # Tabs are kept so that the underline stands below what it means at any tab width.
    indent = "".join("\t" if char == "\t" else " " for char in line[: column - 1])
    width = max(1, min(span.length, len(line) - column + 1))
    number = f"{span.line:>5}"
    return [f"{number} | {line}", f"      | {indent}{mark * width}"]


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and the column in it."""
    start = max(0, column - 1 - MAX_LINE // 2) if len(line) > MAX_LINE else 0
    return line[start : start + MAX_LINE], column - start


def render_line(diagnostics: Diagnostics) -> str:
    """One line for each finding, for editors and grep."""
    return "".join(f"{_headline(item)}{f' ({item.help})' if item.help else ''}\n" for item in diagnostics.sorted())


def render_json(diagnostics: Diagnostics) -> str:
    """A JSON list of objects with the members of `Diagnostic`."""
    return orjson.dumps(diagnostics.sorted(), option=orjson.OPT_INDENT_2).decode() + "\n"


def render_sarif(diagnostics: Diagnostics) -> str:
    """A SARIF 2.1.0 log, as code hosts read it."""
    items = diagnostics.sorted()
    rules = [
        {"id": code, "shortDescription": {"text": CODES.get(code, code)}}
        for code in sorted({item.code for item in items})
    ]
    run = {
        "tool": {"driver": {"name": "torouter", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(item) for item in items],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2).decode() + "\n"


def _sarif_result(item: Diagnostic) -> dict[str, object]:
    text = f"{item.message} ({item.help})" if item.help else item.message
    result: dict[str, object] = {"ruleId": item.code, "level": item.severity, "message": {"text": text}}
    if item.span:
        result["locations"] = [_sarif_location(item.span)]
    if item.labels:
        result["relatedLocations"] = [
            {**_sarif_location(label.span), "message": {"text": label.text}} for label in item.labels
        ]
    return result


def _sarif_location(span: Span) -> dict[str, object]:
    region = {"startLine": span.line, "startColumn": span.column, "endColumn": span.column + span.length}
    return {"physicalLocation": {"artifactLocation": {"uri": span.file}, "region": region}}
