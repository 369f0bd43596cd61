"""What of a body no rule reads: found by walking the body beside the tree of all paths that are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..canonical.loss import Declared, Loss
from ..language.reads import PRESENCE, Path

ReadTree = dict[str, "ReadTree | None"]
"""Members by name, `*` for any; None where everything below is read, `{}` where only the presence is asked."""

_MOST = 50


def read_tree(reads: Iterable[Path], root: str) -> ReadTree | None:
    """Put the paths below a root into a tree; None when the root is read whole."""
    tree: ReadTree = {}
    for path in reads:
        if path[:1] != (root,):
            continue
        steps = [step for step in path[1:] if not step.startswith(":")]
        if not steps:
            return None
        if steps != [PRESENCE]:
            _add(tree, steps)
    return tree


def _add(tree: ReadTree, steps: list[str]) -> None:
    """Add one path; what is read whole stays so, and asking for presence opens nothing below."""
    presence = steps[-1] == PRESENCE
    *above, last = steps[:-1] if presence else steps
    for step in above:
        below = tree.setdefault(step, {})
        if below is None:
            return
        tree = below
    if presence:
        tree.setdefault(last, {})
    else:
        tree[last] = None


def unread(body: dict[str, Any], tree: ReadTree) -> list[str]:
    """Give the places of nested members that nobody reads, such as `messages[0].name`; at most 50.

    Members at the top are not given: they go into the native bag.
    """
    found: list[str] = []
    for name, value in body.items():
        below = tree.get(name)
        if below:
            for place in _walk(value, below, name):
                found.append(place)
                if len(found) == _MOST:
                    return found
    return found


def losses_of(places: Iterable[str], declared: Mapping[str, Declared]) -> tuple[Loss, ...]:
    """Give the places that nobody reads as losses, as bad as is declared of them, or else as warnings."""
    return tuple(
        Loss(place, "native", said.severity, said.why)
        for place in places
        for said in (declaration(_INDEX.sub("", place), declared) or _UNKNOWN,)
    )


def declaration(place: str, declared: Mapping[str, Declared]) -> Declared | None:
    """Find what is declared of a place of a body, dotted, or of the nearest place above it."""
    while place:
        if place in declared:
            return declared[place]
        place = place.rpartition(".")[0]
    return None


def _walk(value: Any, tree: ReadTree, place: str) -> Iterator[str]:
    if type(value) is dict:
        anything = tree.get("*", _ABSENT)
        for name, member in value.items():
            below = tree.get(name, anything)
            if below is _ABSENT:
                if member is not None:
                    yield f"{place}.{name}"
            elif below and type(member) in _CONTAINERS:
                yield from _walk(member, below, f"{place}.{name}")
    elif type(value) is list:
        below = tree.get("*")
        if below:
            for index, item in enumerate(value):
                if type(item) in _CONTAINERS:
                    yield from _walk(item, below, f"{place}[{index}]")


_INDEX = re.compile(r"\[\d+\]")
_UNKNOWN = Declared("warn", "is not known here")
_ABSENT: Any = object()
_CONTAINERS = frozenset({dict, list})
