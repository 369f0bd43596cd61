"""Templates that only name values, as most do: read here, for the library takes 0.1 s and 4 MB to be there.

What is read is what the library would read; all else, and all that is wrong, is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .expressions import ExpressionError
from .reads import Path
from .scope import Scope
from .shared import compile_once
from .terms import Choice, Expression, Phrase, Piece, Said
from .text import FILTERS

_BEGIN = re.compile(r"\{[{%#]")
_NAMED = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_PLACE = re.compile(
    rf"""
      \{{\{{ \s* (?P<path>{_NAMED}) \s* (?:
          \| \s* (?P<filter>[a-z]+) \s* (?: \( \s* (?: '(?P<text>[^'\\{{}}]*)' | (?P<other>{_NAMED}) ) \s* \) \s* )?
      )? \}}\}}
    | \{{% \s* if \s+ (?P<test>{_NAMED}) \s* %\}} (?P<then>[^{{}}]*)
      \{{% \s* else \s* %\}} (?P<otherwise>[^{{}}]*) \{{% \s* endif \s* %\}}
    """,
    re.VERBOSE,
)
_WORDS = frozenset({"and", "else", "false", "if", "in", "is", "none", "not", "null", "or", "true"})


class _Left(Exception):
    pass


def read_phrase(text: str, scope: Scope) -> tuple[Phrase, frozenset[Path]] | None:
    """Read a template and give it with the paths that it reads; nothing if that is left to the library."""
    if "\r" in text:  # which the library makes another end of a line
        return None
    reads: set[Path] = set()

    def named(name: str) -> Expression:
        first, *steps = name.split(".")
        if not _WORDS.isdisjoint(map(str.lower, (first, *steps))):
            raise _Left
        reads.update((*path, *steps) for path in list(scope.aliases.get(first, ()))[:1])
        return compile_once(name, scope.slots)

    try:
        return Phrase(tuple(_pieces(text, named))), frozenset(reads)
    except (_Left, ExpressionError):
        return None


def _pieces(text: str, named: Callable[[str], Expression]) -> Iterator[Piece]:
    end = 0
    while begin := _BEGIN.search(text, end):
        place = _PLACE.match(text, begin.start())
        if place is None:
            raise _Left
        if text[end : begin.start()]:
            yield text[end : begin.start()]
        yield _said(place, named) if place["path"] else Choice(named(place["test"]), place["then"], place["otherwise"])
        end = place.end()
    if text[end:]:
        yield text[end:]


def _said(place: re.Match[str], named: Callable[[str], Expression]) -> Said:
    value = named(place["path"])
    if place["filter"] is None:
        return Said(value)
    given: tuple[Expression | str, ...] = ()
    if place["other"] or place["text"] is not None:
        given = (named(place["other"]) if place["other"] else place["text"],)
    least, most, _ = FILTERS.get(place["filter"], (1, 0, None))
    if not least <= len(given) <= most:
        raise _Left
    return Said(value, place["filter"], given)
