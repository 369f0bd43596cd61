"""Values as YAML that is pleasant to read: in one line where they fit, in lines where they do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from ..config.scalars import TooLarge, read_scalar, surprise

WIDTH = 110

_PLAIN = re.compile(r"[A-Za-z0-9_./()<^$;é°][^\"'#:,\[\]{}&*!|>%@`\\]*")
_ENDS = (" ", ":")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def yaml_lines(value: Any, width: int = WIDTH) -> list[str]:
    """The lines of a value in block style; what fits into `width` characters is written in one line."""
    short = _flow(value)
    if short is not None and (len(short) <= width or not value):
        return [short]
    if isinstance(value, dict):
        return [line for name, inner in value.items() for line in member_lines(name, inner, width)]
    if isinstance(value, list):
        return [line for item in value for line in _item(item, width)]
    return [_scalar(value)]


def member_lines(name: str, value: Any, width: int = WIDTH) -> Iterator[str]:
    """The lines of one member of a mapping in block style."""
    key = _scalar(name)
    lines = yaml_lines(value, width - len(key) - 2)
    if len(lines) == 1 and not _is_block(value, lines[0]):
        yield f"{key}: {lines[0]}"
        return
    yield f"{key}:"
    for line in yaml_lines(value, width - 2):
        yield f"  {line}"


def _item(value: Any, width: int) -> Iterator[str]:
    first, *rest = yaml_lines(value, width - 2)
    yield f"- {first}"
    for line in rest:
        yield f"  {line}"


def _is_block(value: Any, line: str) -> bool:
    """Whether the one line of a list or mapping is written in block style, so that it cannot follow its key."""
    return isinstance(value, dict | list) and line[0] not in "[{"


def _flow(value: Any) -> str | None:
    """A value in one line; nothing where that cannot be: members that look like words of the language need lines."""
    if isinstance(value, dict):
        members = [(name, _flow(inner)) for name, inner in value.items()]
        if any(inner is None or name.startswith("$") for name, inner in members):
            return None
        return "{" + ", ".join(f"{_scalar(name)}: {inner}" for name, inner in members) + "}"
    if isinstance(value, list):
        items = [_flow(item) for item in value]
        return None if any(item is None for item in items) else "[" + ", ".join(map(str, items)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A single value; text is quoted only where YAML would read something else."""
    if not isinstance(value, str):
        return orjson.dumps(value).decode()
    if (
        _PLAIN.fullmatch(value)
        and value.isprintable()
        and not value.endswith(_ENDS)
        and surprise(value) is None
        and _is_text(value)
    ):
        return value
    if '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(char: str) -> str:
    """A character between double quotes."""
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _is_text(value: str) -> bool:
    try:
        return isinstance(read_scalar(value), str)
    except TooLarge:
        return False
