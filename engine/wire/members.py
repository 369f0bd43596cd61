"""The top-level members of a JSON object as byte ranges, so that one can be replaced and the rest left untouched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import orjson

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]', re.DOTALL)
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")
_VALUE = re.compile(rb'\s*:\s*("(?:[^"\\]|\\.)*+"|[^\s,}\]"{\[]+)', re.DOTALL)


class Span(NamedTuple):
    """Where the value of a member stands: `data[start:end]`."""

    start: int
    end: int


def spans(data: bytes, name: str) -> list[Span]:
    """Every place of the top-level member `name`, duplicates included, in valid JSON text of an object that has it."""
    quick = _only(data, name)
    return [quick] if quick else [span for key, span in members(data) if key == name]


def members(data: bytes) -> Iterator[tuple[str, Span]]:
    """All top-level members of valid JSON object text, in order."""
    depth, key, start, end = 0, "", 0, 0
    expect_key = True
    for token in _TOKEN.finditer(data):
        mark = data[token.start()]
        if mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
        if depth == 1 and mark == ord('"') and expect_key:
            key = orjson.loads(token[0])
        elif depth == 1 and mark == ord(":") and expect_key:
            expect_key, start = False, token.end()
        elif (depth == 1 and mark == ord(",")) or (depth == 0 and mark == ord("}")):
            if not expect_key:
                end = token.start()
                yield key, _trimmed(data, start, end)
            expect_key = True


def replaced(data: bytes, name: str, value: bytes) -> bytes:
    """The same bytes with the value of the one top-level member `name` replaced."""
    [span] = spans(data, name)
    return data[: span.start] + value + data[span.end :]


def _only(data: bytes, name: str) -> Span | None:
    """The one member when its name stands in the text exactly once and its value is plain; else None.

    An object that has the member writes its name somewhere, so a sole mention is the member itself, unless the member
    is written with escapes.
    """
    quoted = orjson.dumps(name)
    at = data.find(quoted)
    if at < 0 or data.find(quoted, at + 1) >= 0 or _ESCAPED_ASCII.search(data):
        return None
    found = _VALUE.match(data, at + len(quoted))
    return Span(*found.span(1)) if found else None


def _trimmed(data: bytes, start: int, end: int) -> Span:
    value = data[start:end]
    return Span(start + len(value) - len(value.lstrip()), end - len(value) + len(value.rstrip()))
