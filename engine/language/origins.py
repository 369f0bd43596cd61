"""Where each value of a made document is written: noted beside a run, only for those who ask.

A compiler that is given `Origins` wraps what it compiles, so that a run also notes which place of a file made what. The
values stay those of a plain run, and a compiler without `Origins` compiles exactly what it would without this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..config.document import Where
from .expressions import Fn

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """A value on its way into a container: under which key, whether it is opened there, and where it is written."""

    key: str | None
    value: Any
    opens: bool
    where: Where


@dataclass(slots=True)
class Origins:
    """What the runs since the last `clear` have made; for one run at a time."""

    _last: Where | None = None
    _open: list[list[_Part]] = field(default_factory=list)
    # By identity: the container itself, which must live as long as its entry, and the places of its members.
    _made: dict[int, tuple[Any, Mapping[str | int, Where]]] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget all that was made."""
        self._last = None
        self._open.clear()
        self._made.clear()

    def leaf(self, where: Where, run: Fn) -> Fn:
        """Wrap what makes a value that is written at a place."""

        def noted(frame: Any) -> Any:
            value = run(frame)
            self._last = where
            return value

        return noted

    def part(self, run: Fn, key: str | None = None, *, opens: bool = False) -> Fn:
        """Wrap what makes a part of the container that is being made."""

        def noted(frame: Any) -> Any:
            value = run(frame)
            if value is not None and self._last is not None:
                self._open[-1].append(_Part(key, value, opens, self._last))
            return value

        return noted

    def container(self, where: Where, run: Fn) -> Fn:
        """Wrap what makes an object or a list of parts."""

        def noted(frame: Any) -> Any:
            self._open.append([])
            value = run(frame)
            parts = self._open.pop()
            if isinstance(value, dict):
                places = dict(self._members(parts))
                self._made[id(value)] = value, {key: places.get(key, where.at(key)) for key in value}
            elif isinstance(value, list):
                self._made[id(value)] = value, dict(enumerate(self._entries(parts)))
            self._last = where
            return value

        return noted

    def of(self, document: Any) -> Iterator[tuple[Place, Where]]:
        """Give each value of a made document with the place that made it: a path, and where it is written.

        What came in whole is one value, whatever it holds.
        """
        made = self._made.get(id(document)) or self._held_by(document)
        if made is not None:
            yield from self._walk(made, ())

    def _walk(self, made: tuple[Any, Mapping[str | int, Where]], above: Place) -> Iterator[tuple[Place, Where]]:
        container, places = made
        for key, where in places.items():
            inner = self._made.get(id(container[key]))
            if inner is not None and inner[1]:
                yield from self._walk(inner, (*above, key))
            else:
                yield (*above, key), where

    def _held_by(self, document: Any) -> tuple[Any, Mapping[str | int, Where]] | None:
        """Find the last object whose members all went into this one, beside others that no mapping made."""
        held = document if isinstance(document, dict) else {}
        made = (entry for entry in reversed(self._made.values()) if isinstance(entry[0], dict) and entry[0])
        return next((e for e in made if all(held.get(name) is value for name, value in e[0].items())), None)

    def _members(self, parts: Sequence[_Part]) -> Iterator[tuple[str | int, Where]]:
        for part in parts:
            if part.key is not None:
                yield part.key, part.where
            elif isinstance(part.value, dict):
                yield from self._inside(part, part.value)

    def _entries(self, parts: Sequence[_Part]) -> Iterator[Where]:
        for part in parts:
            if part.opens and isinstance(part.value, list):
                yield from (where for _, where in self._inside(part, range(len(part.value))))
            else:
                yield part.where

    def _inside(self, part: _Part, keys: Any) -> Iterator[tuple[str | int, Where]]:
        """Give the places of what a part holds; where it came in whole, its own place."""
        _, places = self._made.get(id(part.value), (None, {}))
        yield from ((key, places.get(key, part.where)) for key in keys)
