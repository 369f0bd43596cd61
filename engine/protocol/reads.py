"""What the mappings of a folder read, held against the canonical model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from ..canonical import schema
from ..canonical.forms import form
from ..diagnostics import did_you_mean
from ..language.reads import PRESENCE, Path

_CANONICAL = ("request", "response")
_SELECTOR = "kind"
_FORMS = {"event": "encoder_event", "models": "model"}
_ROOTS = frozenset({"error", "count", "model", "models"})


def plain(path: Path) -> Path:
    """Give a path without what only the read-sets know: kinds and presence."""
    return tuple(step for step in path if not step.startswith(":") and step != PRESENCE)


@cache
def _leaves(root: str) -> frozenset[Path]:
    return frozenset(plain(path) for path in schema.paths(root))


@cache
def _known(root: str) -> frozenset[Path]:
    return frozenset(leaf[:length] for leaf in _leaves(root) for length in range(len(leaf) + 1))


def unknown_path(path: Path, subject: str = schema.GENERATION, *, events: bool = False) -> str | None:
    """Say what is wrong with a path whose root is canonical: nothing, if the canonical model knows it.

    `events` says that the root `event` is one that an encoder sees.
    """
    if path and path[0] in (_ROOTS | ({"event"} if events else set())):
        return _unknown_member(path)
    if not path or path[0] not in _CANONICAL:
        return None
    steps = plain(path[1:])
    name = schema.name_of(subject, path[0])
    known = _known(name)
    leaves = _leaves(name)
    for length in range(len(steps) + 1):
        start = steps[:length]
        if start in leaves:
            return None
        if start not in known and start[-1] != _SELECTOR:
            above = {leaf[length - 1] for leaf in leaves if leaf[: length - 1] == start[:-1] and len(leaf) >= length}
            suggestion = did_you_mean(start[-1], above)
            place = ".".join((path[0], *start[:-1]))
            return f"`{place}` has no `{start[-1]}`" + (f"; {suggestion}" if suggestion else "")
    return None


def _unknown_member(path: Path) -> str | None:
    """Say which step of a path its root's form does not have."""
    place = form(_FORMS.get(path[0], path[0]))
    steps = plain(path[1:])
    for count, step in enumerate(steps):
        # Of what is no list, functions make one: its items are the thing itself.
        inner = (place.item() or place) if step == "*" else place.member(step)
        if not inner:
            suggestion = did_you_mean(step, place.members())
            where = ".".join((path[0], *steps[:count]))
            return f"`{where}` has no `{step}`" + (f"; {suggestion}" if suggestion else "")
        place = inner
    return None


PathCheck = Callable[[Path], str | None]


def canonical_reads(reads: Iterable[Path], subject: str = schema.GENERATION) -> frozenset[Path]:
    """Give the paths of the canonical request that are read; asking for the presence of a leaf reads it.

    The model ends at its leaves: who reads below one, or looks whether it is there, reads it.
    """
    leaves = _leaves(schema.name_of(subject, "request"))
    found = (path[1:] for path in reads if path[:1] == ("request",))
    whole = ((_leaf(path, leaves), path) for path in found)
    return frozenset(leaf or path for leaf, path in whole if leaf is not None or path[-1:] != (PRESENCE,))


def _leaf(path: Path, leaves: frozenset[Path]) -> Path | None:
    """Give the beginning of a path that is a leaf, if it reaches one."""
    lengths = range(1, len(path) + 1)
    return next((path[:length] for length in lengths if plain(path[:length]) in leaves), None)
