"""Expressions of mappings, compiled once for each set of places where their roots stand.

Definitions are compiled wherever they are used: without this most closures would be there a dozen times. What nobody
holds any more is forgotten: a mapping that runs as generated code needs none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from weakref import WeakValueDictionary

from .expressions import compile_tree, parse
from .functions import CALLEES
from .reads import BEGUN, Ast
from .terms import Expression, Parsed

_PARSED: WeakValueDictionary[str, Parsed] = WeakValueDictionary()
_COMPILED: WeakValueDictionary[tuple[str, tuple[int, ...]], Expression] = WeakValueDictionary()


def parse_once(text: str) -> Parsed:
    """Parse an expression of a mapping, unless somebody holds it parsed; raises ExpressionError."""
    if found := _PARSED.get(text):
        return found
    tree = parse(text)
    return _PARSED.setdefault(text, Parsed(tree, tuple(dict.fromkeys(_roots(tree)))))


def compile_once(text: str, slots: Mapping[str, int]) -> Expression:
    """Compile an expression of a mapping; where roots have the same places it is the same one.

    Raises ExpressionError.
    """
    parsed = parse_once(text)
    known = {name: slots[name] for name in parsed.roots if name in slots}
    key = text, tuple(known.values())
    if len(known) == len(parsed.roots) and (found := _COMPILED.get(key)):
        return found
    return _COMPILED.setdefault(key, Expression(parsed, known, compile_tree(parsed.tree, known, CALLEES)))


def _roots(tree: Ast) -> Iterator[str]:
    """Give the names that an expression starts from."""
    if tree["type"] == "field":
        yield tree["value"]
    for child in tree["children"][:1] if tree["type"] in BEGUN else tree["children"]:
        if isinstance(child, Mapping) and tree["type"] != "expref":
            yield from _roots(child)
