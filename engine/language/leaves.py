"""The leaves of shapes: expressions and templates compiled where they stand, with findings at the right character."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..config.document import Where
from ..diagnostics import Diagnostics, did_you_mean
from .expressions import ExpressionError
from .functions import CALLEES
from .phrases import read_phrase
from .reads import Path, PathCheck, Trace, consumed
from .scope import Scope
from .shared import compile_once
from .terms import NOTHING as NO_TERM, Term, Text
from .text import FILTERS, TemplateError

_NOTHING: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class Node:
    """A compiled piece of a shape.

    `sources` are paths its value may be, not yet counted as read; `splices` says that a list it gives is opened into
    the list around it; `literal` that it is written out and stays even when empty.
    """

    term: Term
    sources: frozenset[Path] = _NOTHING
    splices: bool = False
    literal: bool = False


class Findings(Protocol):
    """Where a compiler notes what is wrong and what is used."""

    diagnostics: Diagnostics
    used: set[Path]
    handed: set[Path]
    unknown_path: PathCheck | None


def compile_expression(where: Where, text: str, scope: Scope, findings: Findings) -> Node:
    """Compile an expression as it is written, with its `=`."""
    try:
        term = compile_once(text[1:], scope.slots)
    except ExpressionError as error:
        suggestion = _suggestion(error.code, error.subject, scope)
        offset = text.find(error.subject, 1) if error.subject else error.offset + 1
        length = len(error.subject) if error.subject else 1
        offset = max(min(offset, len(text) - 1), 0)
        findings.diagnostics.error(error.code, where, str(error), help=suggestion, offset=offset, length=length)
        return Node(NO_TERM)
    trace = Trace(scope.aliases)
    sources = trace.result(term.tree)
    findings.used |= trace.reads
    findings.handed |= trace.handed
    _check_paths(where, (consumed(sources) | trace.reads | trace.handed) - trace.supposed, findings)
    return Node(term, sources)


def compile_text(where: Where, text: str, scope: Scope, findings: Findings) -> Node:
    """Compile a template."""
    if found := read_phrase(text, scope):
        phrase, reads = found
        findings.handed |= reads
        _check_paths(where, reads, findings)
        return Node(phrase)
    from .template import compile_template

    try:
        template = compile_template(text, scope)
    except TemplateError as error:
        suggestion = _suggestion(error.code, error.subject, scope)
        offset = sum(len(line) for line in text.splitlines(keepends=True)[: error.line])
        findings.diagnostics.error(error.code, where, str(error), help=suggestion, offset=offset)
        return Node(NO_TERM)
    findings.handed |= template.reads
    _check_paths(where, template.reads, findings)
    return Node(Text(text, template.slots, template.run))


def _suggestion(code: str, subject: str | None, scope: Scope) -> str | None:
    nearby: Mapping[str, Collection[str]] = {
        "unknown-root": scope.slots,
        "unknown-function": CALLEES,
        "template-unsafe": FILTERS,
    }
    return did_you_mean(subject, nearby.get(code, ())) if subject else None


def _check_paths(where: Where, paths: Iterable[Path], findings: Findings) -> None:
    check = findings.unknown_path
    problems = {check(path): path for path in paths} if check is not None else {}
    for problem, path in sorted((found, path) for found, path in problems.items() if found):
        member = next(step for step in path[1:] if f"no `{step}`" in problem)
        at = str(where.value).find(member)
        code = "unknown-state" if path[0] == "state" else "unknown-path"
        findings.diagnostics.error(code, where, problem, offset=max(at, 0), length=len(member))
