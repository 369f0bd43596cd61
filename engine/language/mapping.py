"""A compiled mapping: a shape with its roots, run on one set of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..config.document import Where
from .build import plain
from .expressions import Fn
from .reads import Path
from .scope import Layout, Scope
from .shape import Compiler


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A shape ready to run; `reads` are the paths it may read, from its roots, `handed` those it only hands on."""

    body: Fn
    size: int
    roots: tuple[tuple[str, int], ...]
    reads: frozenset[Path]
    handed: frozenset[Path]

    def run(self, values: Mapping[str, Any]) -> Any:
        """Make the document from the values of the roots; a root that is not given is null."""
        frame: list[Any] = [None] * self.size
        for name, slot in self.roots:
            frame[slot] = values.get(name)
        return plain(self.body(frame))


def compile_mapping(where: Where, roots: Iterable[str], compiler: Compiler) -> CompiledMapping:
    """Compile the shape at a place, which may read these roots."""
    layout = Layout()
    scope = Scope.of_roots(layout, roots)
    body = compiler.value(where, scope)
    handed = frozenset(compiler.handed - compiler.used)
    return CompiledMapping(body.closure(), layout.size, tuple(scope.slots.items()), compiler.reads, handed)
