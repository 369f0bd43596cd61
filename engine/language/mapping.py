"""A compiled mapping: a shape with its roots, run on one set of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..config.document import Where
from .build import plain
from .reads import Path
from .scope import Layout, Scope
from .shape import Compiler
from .source.mapping import generated_mapping
from .terms import Term
from .tiers import Kept, Run, Tier


@dataclass(frozen=True, slots=True)
class _Shape:
    body: Term
    size: int
    roots: tuple[tuple[str, int], ...]
    reads: frozenset[Path]
    handed: frozenset[Path]


class CompiledMapping:
    """A shape ready to run, in one of two ways; `where` it is written.

    What it is compiled to stays until generated code runs. Who asks for it later has it compiled again.
    """

    __slots__ = ("_kept", "runner", "where")

    def __init__(self, where: Where, kept: Kept[_Shape]) -> None:
        self.where = where
        self._kept = kept
        self.runner = Tier(partial(_closures, kept), partial(_source, kept, where), kept)

    @property
    def body(self) -> Term:
        """What it does."""
        return self._kept.get().body

    @property
    def reads(self) -> frozenset[Path]:
        """The paths it may read, from its roots."""
        return self._kept.get().reads

    @property
    def handed(self) -> frozenset[Path]:
        """The paths whose values it only hands on."""
        return self._kept.get().handed

    def run(self, values: Mapping[str, Any]) -> Any:
        """Make the document from the values of the roots; a root that is not given is null."""
        return self.runner.run(values)

    def closures(self) -> Run:
        """Give the mapping as closures, the reference."""
        return self.runner.closures()

    def source(self) -> Run | None:
        """Give the mapping as generated code, if all of it can be written."""
        return self.runner.source()


def compile_mapping(where: Where, roots: Iterable[str], compiler: Compiler) -> CompiledMapping:
    """Compile the shape at a place, which may read these roots; when it is first asked for, if that is soon enough."""
    names, anew = tuple(roots), compiler.anew
    found = None if compiler.late else _compiled(where, names, compiler)
    return CompiledMapping(where, Kept(lambda: _compiled(where, names, anew()), found))


def _closures(kept: Kept[_Shape]) -> Run:
    shape = kept.get()
    body, size, roots = shape.body.closure(), shape.size, shape.roots

    def run(values: Mapping[str, Any]) -> Any:
        frame: list[Any] = [None] * size
        for name, slot in roots:
            frame[slot] = values.get(name)
        return plain(body(frame))

    return run


def _source(kept: Kept[_Shape], where: Where) -> Run | None:
    shape = kept.get()
    title = f"{where.document.file} {'.'.join(map(str, where.path))}"
    return generated_mapping(shape.body, [name for name, _ in shape.roots], title)


def _compiled(where: Where, roots: tuple[str, ...], compiler: Compiler) -> _Shape:
    layout, own = Layout(), replace(compiler, used=set(), handed=set())
    scope = Scope.of_roots(layout, roots)
    body = own.value(where, scope)
    return _Shape(body, layout.size, tuple(scope.slots.items()), own.reads, frozenset(own.handed - own.used))
