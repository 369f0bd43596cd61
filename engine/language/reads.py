"""Which paths an expression reads, found from its syntax tree without running it.

A path is a tuple of member names from a root; `*` stands for the items of a list or the members of an object.
A path that ends in `?` was only asked for its presence. Lint, coverage and the loss report live on these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import kinds
from .functions import LIBRARY
from .functions.registry import Reads

Path = tuple[str, ...]
PathCheck = Callable[[Path], str | None]
Ast = Mapping[str, Any]

PRESENCE = "?"
ITEMS = "*"
BEGUN = frozenset(
    {"subexpression", "index_expression", "pipe", "projection", "filter_projection", "value_projection", "flatten"}
)
"""Nodes of which only the beginning means roots; what follows means members of it."""

_STANDARD: Mapping[str, Reads] = {"not_null": "any", "to_array": "any", "type": "presence"}


class Trace:
    """Walks one tree: collects what is read, and says where the result came from.

    `reads` are values that something is made of, `handed` those that are used as they are, and only if they are text.
    `supposed` are those of them that are there only if a value has one of several forms.
    """

    def __init__(self, aliases: Mapping[str, frozenset[Path]]) -> None:
        self._aliases = aliases
        self.reads: set[Path] = set()
        self.handed: set[Path] = set()
        self.supposed: set[Path] = set()

    def result(self, node: Ast) -> frozenset[Path]:
        """Give the paths that the whole expression's value may come from; these are not yet counted as read."""
        return self._walk(node, None)

    def consume(self, sources: frozenset[Path], *, presence: bool = False) -> None:
        """Count paths as read, whole or only for presence."""
        self.reads |= consumed(sources, presence=presence)

    def _walk(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        handler = getattr(self, f"_{node['type']}", None)
        if handler is not None:
            found: frozenset[Path] = handler(node, current)
            return found
        for child in node["children"]:
            if isinstance(child, Mapping):
                self.consume(self._walk(child, current))
        return frozenset()

    def _field(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        name = node["value"]
        if current is None:
            return self._aliases.get(name, frozenset())
        return frozenset((*path, name) for path in current)

    def _chain(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        for child in node["children"]:
            current = self._walk(child, current)
        return current if current is not None else frozenset()

    _subexpression = _chain
    _index_expression = _chain
    _pipe = _chain

    def _items(self, _node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        return items(current or ())

    _index = _items

    def _slice(self, _node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        return current or frozenset()

    def _current(self, _node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        return current or frozenset()

    _identity = _current

    def _literal(self, _node: Ast, _current: frozenset[Path] | None) -> frozenset[Path]:
        return frozenset()

    def _projection(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        inside = self._items(node, self._walk(node["children"][0], current))
        if len(node["children"]) > 2:
            condition = node["children"][2]
            self.consume(self._walk(condition, inside))
            inside = _of_kinds(inside, condition)
        return frozenset(_as_list(path) for path in self._walk(node["children"][1], inside))

    _filter_projection = _projection
    _value_projection = _projection

    def _flatten(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        return self._walk(node["children"][0], current)

    def _or_expression(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        left = self._walk(node["children"][0], current)
        self.consume(left, presence=True)
        return left | self._walk(node["children"][1], current)

    def _and_expression(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        self.consume(self._walk(node["children"][0], current), presence=True)
        return self._walk(node["children"][1], current)

    def _not_expression(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        self.consume(self._walk(node["children"][0], current), presence=True)
        return frozenset()

    def _function_expression(self, node: Ast, current: frozenset[Path] | None) -> frozenset[Path]:
        how = reads_of(node["value"])
        arguments = [self._walk(child, current) for child in node["children"]]
        first, others = arguments[:1], arguments[1:]
        match how:
            case "any":
                return frozenset().union(*arguments)
            case "text":
                self.handed |= consumed(path for sources in arguments for path in sources)
                return frozenset()
            case "presence":
                for sources in arguments:
                    self.consume(sources, presence=True)
                return frozenset()
            case "whole":
                others = arguments
            case "named":
                picked = [str(key["value"]) for key in node["children"][1:] if key["type"] == "literal"]
                self.consume(frozenset((*path, key) for key in picked for sources in first for path in sources))
            case "texts":
                for sources in first:
                    self._texts(sources)
        for sources in others:
            self.consume(sources)
        return frozenset().union(*first) if how == "first" else frozenset()

    def _texts(self, sources: frozenset[Path]) -> None:
        inner = items(sources)
        texts = frozenset((*path, "text") for path in inner)
        self.consume(texts)
        self.handed |= consumed(sources | inner)
        self.supposed |= consumed(texts | inner)


def reads_of(function: str) -> Reads:
    """Say what a function does with its arguments (`functions.registry.Function`)."""
    known = LIBRARY.get(function)
    return known.reads if known is not None else _STANDARD.get(function, "whole")


def items(lists: Iterable[Path]) -> frozenset[Path]:
    """Give the paths of the items of lists."""
    return frozenset(
        (*path[:-1], ITEMS, path[-1].removeprefix(ITEMS)) if _is_filtered(path) else (*path, ITEMS) for path in lists
    )


def consumed(sources: Iterable[Path], *, presence: bool = False) -> frozenset[Path]:
    """Give the paths that are read when values from these sources are used, whole or only for presence."""
    whole = (next(iter(items((path,)))) if _is_filtered(path) else path for path in sources)
    return frozenset((*path, PRESENCE) for path in whole) if presence else frozenset(whole)


def _of_kinds(inside: frozenset[Path], condition: Ast) -> frozenset[Path]:
    """Narrow items to the kinds that a filter such as `[?kind == 'a']` keeps."""
    found = kinds.required(condition)
    if found is None or found[0]:
        return inside
    return frozenset((*path, f":{kind}") for path in inside for kind in found[1])


def _as_list(path: Path) -> Path:
    """Say where a projection's list is: `a.*` collected is `a` again, `a.*.b` stays.

    The list of the items of one kind, `a.*.:k`, is written `a.*:k` until its items are looked at.
    """
    if path and path[-1] == ITEMS:
        return path[:-1]
    return (*path[:-2], ITEMS + path[-1]) if path[-2:-1] == (ITEMS,) and path[-1].startswith(":") else path


def _is_filtered(path: Path) -> bool:
    return bool(path) and path[-1].startswith(ITEMS + ":")
