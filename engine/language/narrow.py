"""What a condition tells about the kind of a value, so that reads are counted for that kind only."""

from __future__ import annotations

from .expressions import ExpressionError, parse
from .reads import Ast

_KIND = "kind"


def narrowing(text: object, *, selector: bool = False) -> tuple[str, tuple[str, ...]] | None:
    """Give the name and the kinds that `=name.kind == 'a'` (or, for a selector, `=name.kind`) speaks of."""
    if not isinstance(text, str) or not text.startswith("="):
        return None
    try:
        tree = parse(text[1:])
    except ExpressionError:
        return None
    if selector:
        name = _kind_of(tree)
        return (name, ()) if name else None
    return _equality(tree)


def _equality(tree: Ast) -> tuple[str, tuple[str, ...]] | None:
    if tree["type"] == "and_expression":
        return next((found for child in tree["children"] if (found := _equality(child))), None)
    if tree["type"] == "or_expression":
        sides = [_equality(child) for child in tree["children"]]
        if all(sides) and len({side[0] for side in sides if side}) == 1:
            return (sides[0] or ("", ()))[0], tuple(kind for side in sides if side for kind in side[1])
        return None
    if tree["type"] != "comparator" or tree["value"] != "eq":
        return None
    left, right = tree["children"]
    name = _kind_of(left)
    if name is None or right["type"] != "literal" or not isinstance(right["value"], str):
        return None
    return name, (right["value"],)


def _kind_of(tree: Ast) -> str | None:
    if tree["type"] != "subexpression":
        return None
    first, *others = tree["children"]
    if first["type"] == "field" and [other.get("value") for other in others] == [_KIND]:
        return str(first["value"])
    return None
