"""What a condition tells about the kind of a value, so that reads are counted for that kind only."""

from __future__ import annotations

from . import kinds
from .expressions import ExpressionError
from .shared import parse_once


def narrowing(text: object, *, selector: bool = False) -> tuple[str, tuple[str, ...]] | None:
    """Give the name and the kinds that `=name.kind == 'a'` (or, for a selector, `=name.kind`) speaks of."""
    if not isinstance(text, str) or not text.startswith("="):
        return None
    try:
        tree = parse_once(text[1:]).tree
    except ExpressionError:
        return None
    if selector:
        name = kinds.selected(tree)
        return (name, ()) if name else None
    found = kinds.required(tree)
    return found if found is not None and found[0] else None
