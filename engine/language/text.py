"""Text: what is one, how values are written in it, and what may be done with them there."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .functions.json import dumps
from .reads import Path


class TemplateError(ValueError):
    """A template cannot be compiled; `line` is 0-based within the text, `code` names the reason."""

    def __init__(self, code: str, message: str, line: int = 0, subject: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.line = line
        self.subject = subject


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text, the paths it reads, and the slots of the names it starts from."""

    run: Callable[[Any], str]
    reads: frozenset[Path]
    slots: Mapping[str, int]


def is_template(text: str) -> bool:
    """Tell whether a text is a template rather than a constant."""
    return "{{" in text or "{%" in text


def written(value: Any) -> str:
    """Write any value as text: text as it is, null as nothing, anything else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else dumps(value)


def segment(value: Any) -> str:
    """Write a value as exactly one segment of a path; `:` and `@` stay."""
    return urllib.parse.quote(written(value), safe=":@")


FILTERS: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    "default": (1, 1, lambda value, other: other if value is None or value == "" else value),
    "join": (1, 1, lambda value, mark: mark.join(map(written, value)) if isinstance(value, list) else written(value)),
    "json": (0, 0, dumps),
    "lower": (0, 0, lambda value: written(value).lower()),
    "segment": (0, 0, segment),
    "trim": (0, 0, lambda value: written(value).strip()),
    "upper": (0, 0, lambda value: written(value).upper()),
}
