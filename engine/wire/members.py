"""The top-level members of a JSON object as byte ranges, so that one can be replaced and the rest left untouched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

import orjson

_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_OPEN = re.compile(rb"\s*\{\s*")
_COMMA = re.compile(rb"\s*,\s*")
_KEY = re.compile(rb"[\s,]*+(" + _TEXT + rb")\s*:\s*", re.DOTALL)
_FLAT = rb'[\[{](?:[^"{}\[\]]++|' + _TEXT + rb")*+[\]}]"
_SHALLOW = _FLAT
for _ in range(6):  # values of ordinary depth are taken in one go
    _SHALLOW = rb'[\[{](?:[^"{}\[\]]++|' + _TEXT + rb"|" + _SHALLOW + rb")*+[\]}]"
_PLAIN = re.compile(_TEXT + rb"|[^\s,}\]\"{\[]++|" + _SHALLOW, re.DOTALL)
_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:' + _TEXT + rb'[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL)
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")
_VALUE = re.compile(rb"\s*:\s*(" + _TEXT + rb"|[^\s,}\]\"{\[]+)", re.DOTALL)


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
    opened = _OPEN.match(data)
    at = opened.end() if opened else len(data)
    while found := _KEY.match(data, at):
        start, at = found.end(), _end_of_value(data, found.end())
        yield orjson.loads(found[1]), Span(start, at)


def repeated(data: bytes, document: Mapping[str, object]) -> str | None:
    """A top-level member that comes twice in valid JSON text of `document`; nothing when none does."""
    with suppress(orjson.JSONEncodeError):  # of what is nested too deeply for it
        if orjson.dumps(document) == data:  # as most clients write it: nothing of the text was lost in reading
            return None
    if not _ESCAPED_ASCII.search(data) and all(_mentioned_once(data, name) for name in document):
        return None
    seen: set[str] = set()
    for name, _ in members(data):
        if name in seen:
            return name
        seen.add(name)
    return None


def replaced(data: bytes, name: str, value: bytes) -> bytes:
    """The same bytes with the value of the one top-level member `name` replaced."""
    if found := _at_first(name).match(data):  # mostly it comes first: nothing behind it has to be read
        return data[: found.start(1)] + value + data[found.end(1) :]
    [span] = spans(data, name)
    return data[: span.start] + value + data[span.end :]


def added(data: bytes, name: str, value: bytes) -> bytes:
    """The same bytes with one more member in front, in an object that has others and not this one."""
    opened = _OPEN.match(data)
    at = opened.end() if opened else len(data)
    return data[:at] + orjson.dumps(name) + b":" + value + b"," + data[at:]


def without(data: bytes, name: str) -> bytes:
    """The same bytes without the one top-level member `name`, and without the comma that set it apart."""
    opened = _OPEN.match(data)
    first = at = opened.end() if opened else len(data)
    while found := _KEY.match(data, at):
        end = _end_of_value(data, found.end())
        if orjson.loads(found[1]) == name:
            behind = _COMMA.match(data, end) if at == first else None  # else the comma in front belongs to the key
            return data[:at] + data[behind.end() if behind else end :]
        at = end
    return data


@lru_cache(256)
def _at_first(name: str) -> re.Pattern[bytes]:
    """The beginning of an object whose first member has this name and a plain value."""
    return re.compile(_OPEN.pattern + re.escape(orjson.dumps(name)) + _VALUE.pattern, re.DOTALL)


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


def _mentioned_once(data: bytes, name: str) -> bool:
    """Whether a name is the key of one member only, wherever that stands; quotes in a text are escaped."""
    quoted = orjson.dumps(name)
    if data.count(quoted) == 1:
        return True
    keys = re.finditer(re.escape(quoted) + rb"\s*:", data)
    return next(keys, None) is None or next(keys, None) is None


def _end_of_value(data: bytes, start: int) -> int:
    """Where the value ends that begins at `start`."""
    plain = _PLAIN.match(data, start)
    if plain is not None:
        return plain.end()
    depth, at = 0, start
    for found in _BRACKET.finditer(data, start):
        depth += 1 if found[1] in b"{[" else -1
        at = found.end()
        if not depth:
            break
    return at
