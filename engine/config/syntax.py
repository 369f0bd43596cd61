"""Plain sentences for what the YAML reader refuses."""

import re

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from ..diagnostics import Diagnostics, Label, Span
from .marks import Lines

_SENTENCES: tuple[tuple[re.Pattern[str], str, str | None], ...] = tuple(
    (re.compile(pattern), message, help)
    for pattern, message, help in (
        (r"character '\\t'", "a tab is used for indentation", "use spaces"),
        (r"character '([@`%])'", "a value may not start with an unquoted {0}", "quote it"),
        (r"expected alphabetic or numeric character", "an unquoted * or & begins a reference in YAML", 'quote it: "*"'),
        (r"mapping values are not allowed", 'a ": " stands inside a value, or a line is indented too far',
         "quote the value, or align the line with its neighbours"),
        (r"unexpected end of stream", "a quote is opened and never closed", None),
        (r"unknown escape character '(.)'", 'a double-quoted text holds the unknown escape "\\{0}"',
         "write \\\\ for a backslash, or use single quotes"),
        (r"undefined alias '(.+)'", 'the alias "*{0}" has no anchor above it', 'quote a text that starts with "*"'),
        (r"another document", "the file holds more than one document", "split it into several files"),
        (r"could not find expected ':'", "a key has no colon after it", None),
        (r"expected <block end>", "this line does not continue what stands above it", "check its indentation"),
        (r"expected ',' or '}'", "a mapping that starts with {{ goes on with something that is no , and no }}",
         "close it, or quote values that hold [ ] { } or ,"),
        (r"expected ',' or '\]'", "a list that starts with [ goes on with something that is no , and no ]",
         "close it, or quote values that hold [ ] { } or ,"),
    )
)  # fmt: skip

# `key: =path[` or `{key: =path[`: an unquoted expression just before the place where YAML gave up.
_EXPRESSION_BEFORE = re.compile(r"[:,\[{]\s*=[^\"']*$")
_TEMPLATE_BEFORE = re.compile(r"(?::|-)\s+\{\{[^\"']*$")


def explain_syntax(
    error: MarkedYAMLError | ReaderError, text: str, lines: Lines, file: str, diagnostics: Diagnostics
) -> None:
    """Add the diagnostic for a text that is no YAML."""
    if isinstance(error, ReaderError):
        span = lines.span(file, error.position)
        diagnostics.error("yaml-syntax", span, "the file holds a control character")
        return
    mark = error.problem_mark or error.context_mark
    index = min(mark.index, len(text)) if mark else 0
    span = lines.span(file, index)
    context = str(error.context or "")
    before = text[text.rfind("\n", 0, index) + 1 : index]
    if _TEMPLATE_BEFORE.search(before):
        message = "a template outside quotes is read as nested mappings"
        diagnostics.error("yaml-unquoted-template", span, message, help='quote the whole value: "{{ ... }}"')
    elif "flow" in context and _EXPRESSION_BEFORE.search(before):
        message = "inside { } and [ ] YAML cuts an expression at , [ ] { } and #"
        help = "quote the expression, or write the mapping in lines"
        diagnostics.error("yaml-flow-expression", span, message, help=help)
    else:
        message, help_text = _sentence(str(error.problem or ""))
        diagnostics.error("yaml-syntax", span, message, help=help_text, labels=_started(error, lines, file, span))


def _sentence(problem: str) -> tuple[str, str | None]:
    for pattern, message, help in _SENTENCES:
        match = pattern.search(problem)
        if match:
            return message.format(*match.groups()), help
    return f"the text is not valid YAML: {problem}", None


def _started(error: MarkedYAMLError, lines: Lines, file: str, span: Span) -> list[Label]:
    """Where the thing began that could not be read to its end."""
    if error.context_mark is None or "document" in str(error.problem):
        return []
    start = lines.span(file, error.context_mark.index)
    return [Label(start, "it starts here")] if start != span and start.line != span.line else []
