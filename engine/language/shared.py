"""Expressions of mappings, compiled once for each set of places where their roots stand.

Definitions are compiled wherever they are used: without this most closures would be there a dozen times.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from .expressions import ExpressionError, compile_tree, parse
from .functions import CALLEES
from .terms import Expression

_KEPT = 16_384  # four times what the shipped files need


def compile_once(text: str, slots: Mapping[str, int]) -> Expression:
    """Compile an expression of a mapping; where roots have the same places it is the same one.

    Raises ExpressionError.
    """
    try:
        places = tuple(slots[name] for name in _roots(text))
    except (ExpressionError, KeyError):
        tree = parse(text)
        return Expression(tree, slots, compile_tree(tree, slots, CALLEES))
    return _at_places(text, places)


@lru_cache(maxsize=_KEPT)
def _roots(text: str) -> tuple[str, ...]:
    """The roots that an expression reads."""
    asked = _Asked()
    compile_tree(parse(text), asked, CALLEES)
    return tuple(asked)


@lru_cache(maxsize=_KEPT)
def _at_places(text: str, places: tuple[int, ...]) -> Expression:
    tree, slots = parse(text), dict(zip(_roots(text), places, strict=True))
    return Expression(tree, slots, compile_tree(tree, slots, CALLEES))


class _Asked(dict[str, int]):
    """Any root is there, and it is noted which were asked for."""

    def __bool__(self) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Any:
        """Give a place, whatever the name."""
        del default
        return self.setdefault(name, 0)
