"""Text: joining, cutting, replacing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ..unknown import joined
from .registry import Registry

REGISTRY = Registry("text")
_LONGEST_PATTERN = 200


@REGISTRY.add(("concat('a', null, 'b')", "ab"), ("concat(null)", None), ("concat(2.0)", "2"))
def concat(*pieces: Any) -> str | None:
    """Put texts and numbers one after the other; nulls are passed over, null if all are."""
    written = _texts(pieces)
    return _joined("", written) if written else None


@REGISTRY.add(
    ('join_text(\', \', `["a", null, "b"]`)', "a, b"),
    ("join_text(', ', null)", None),
    inline="{run}({0}, {1}) if {1} else None",
)
def join_text(separator: Any, items: Any) -> str | None:
    """Join the texts of a list; null if there is none."""
    if not isinstance(items, list) or not isinstance(separator, str):
        return None
    written = _texts(items)
    return _joined(separator, written) if written else None


@REGISTRY.add(
    ("text_of('a', '')", "a"),
    ('text_of(`[{"text": "a"}, "b"]`, \' \')', "a b"),
    ("text_of(null, '')", None),
    ('text_of(`{"text": "a"}`, \'\')', "a"),
    reads="texts",
)
def text_of(value: Any, separator: Any) -> str | None:
    """Give the text of a text, of an object with `text`, or of a list of either, joined."""
    if isinstance(value, dict):
        value = value.get("text")
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not isinstance(separator, str):
        return None
    texts = [text for item in value if (text := text_of(item, separator)) is not None]
    return separator.join(texts) if texts else None


@REGISTRY.add(
    ("lower('Ab')", "ab"), ("lower(1)", None), reads="text", inline="{0}.lower() if isinstance({0}, str) else None"
)
def lower(value: Any) -> str | None:
    """Write a text in lower case."""
    return value.lower() if isinstance(value, str) else None


@REGISTRY.add(("upper('Ab')", "AB"), ("upper(null)", None))
def upper(value: Any) -> str | None:
    """Write a text in upper case."""
    return value.upper() if isinstance(value, str) else None


@REGISTRY.add(("trim(' a ')", "a"), ("trim(null)", None))
def trim(value: Any) -> str | None:
    """Take the white space off both ends of a text."""
    return value.strip() if isinstance(value, str) else None


@REGISTRY.add(("trim_end('a \n')", "a"), ("trim_end(null)", None))
def trim_end(value: Any) -> str | None:
    """Take the white space off the end of a text."""
    return value.rstrip() if isinstance(value, str) else None


@REGISTRY.add(('length_before(`["ab", "c", "d"]`, 2)', 3), ("length_before(null, 2)", None))
def length_before(texts: Any, place: Any) -> int | None:
    """Count the characters of the texts before a place in a list: where that text begins once all are joined."""
    if not isinstance(texts, list) or not isinstance(place, int) or isinstance(place, bool):
        return None
    return sum(len(text) for text in texts[: max(place, 0)] if isinstance(text, str))


@REGISTRY.add(("characters_before('aé', 3)", 2), ("characters_before(null, 1)", None))
def characters_before(text: Any, byte: Any) -> int | None:
    """Count the characters of a text before a place in its UTF-8 bytes."""
    if not isinstance(text, str) or not isinstance(byte, int) or isinstance(byte, bool):
        return None
    return len(text.encode("utf-8", "surrogatepass")[: max(byte, 0)].decode("utf-8", "ignore"))


@REGISTRY.add(("bytes_before('aéb', 2)", 3), ("bytes_before(null, 1)", None))
def bytes_before(text: Any, character: Any) -> int | None:
    """Count the UTF-8 bytes of a text before one of its characters."""
    if not isinstance(text, str) or not isinstance(character, int) or isinstance(character, bool):
        return None
    return len(text[: max(character, 0)].encode("utf-8", "surrogatepass"))


@REGISTRY.add(
    ("has_text(' ')", False),
    ("has_text('a')", True),
    ("has_text(null)", False),
    reads="presence",
    inline="isinstance({0}, str) and not not {0}.strip()",
)
def has_text(value: Any) -> bool:
    """Tell whether a text holds anything but white space."""
    return isinstance(value, str) and bool(value.strip())


@REGISTRY.add(
    ("begins('abc', 'ab')", True),
    ("begins(null, 'a')", False),
    inline="isinstance({0}, str) and isinstance({1}, str) and {0}.startswith({1})",
)
def begins(value: Any, start: Any) -> bool:
    """Tell whether a text begins with another."""
    return isinstance(value, str) and isinstance(start, str) and value.startswith(start)


@REGISTRY.add(("after('data: x', ': ')", "x"), ("after('abc', '-')", None))
def after(value: Any, mark: Any) -> str | None:
    """Give what follows the first occurrence of a mark; null if the mark is not there."""
    if not isinstance(value, str) or not isinstance(mark, str) or not mark:
        return None
    _, found, rest = value.partition(mark)
    return rest if found else None


@REGISTRY.add(("before('a/b', '/')", "a"), ("before('abc', '-')", None))
def before(value: Any, mark: Any) -> str | None:
    """Give what stands before the first occurrence of a mark; null if the mark is not there."""
    if not isinstance(value, str) or not isinstance(mark, str) or not mark:
        return None
    start, found, _ = value.partition(mark)
    return start if found else None


@REGISTRY.add(("cut('abcdef', 3)", "abc"), ("cut(null, 3)", None))
def cut(value: Any, length: Any) -> str | None:
    """Give the first characters of a text."""
    if not isinstance(value, str) or not isinstance(length, int) or isinstance(length, bool):
        return None
    return value[: max(length, 0)]


@REGISTRY.add(
    ("replace('a.b', '[^a-z]', '_')", "a_b"),
    ("replace(null, 'a', 'b')", None),
    ("replace('a', '(', '')", None),
)
def replace(value: Any, pattern: Any, replacement: Any) -> str | None:
    """Replace every match of a regular expression; the replacement is plain text."""
    if not isinstance(value, str) or not isinstance(pattern, str) or not isinstance(replacement, str):
        return None
    compiled = _pattern(pattern)
    return None if compiled is None else compiled.sub(lambda _match: replacement, value)


@REGISTRY.add(("matches('abc', '^a')", True), ("matches('abc', '^b')", False), ("matches(null, '.')", False))
def matches(value: Any, pattern: Any) -> bool:
    """Tell whether a regular expression is found in a text."""
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    compiled = _pattern(pattern)
    return compiled is not None and compiled.search(value) is not None


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if len(text) <= _LONGEST_PATTERN else None
    except re.error:
        return None


def _joined(separator: str, texts: list[str]) -> str:
    try:
        return separator.join(texts)
    except TypeError:  # some are not known yet
        text: str = joined(separator, texts)
        return text


def _texts(values: Iterable[Any]) -> list[str]:
    written = [value if type(value) is str else _written(value) for value in values if value is not None]
    return [text for text in written if text is not None]


def _written(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value) if isinstance(value, float) and value.is_integer() else value)
    return None
