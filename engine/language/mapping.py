"""A compiled mapping: a shape with its roots, run on one set of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..config.document import Where
from .build import plain
from .reads import Path
from .scope import Layout, Scope
from .shape import Compiler
from .source.mapping import generated_mapping
from .terms import Term
from .tiers import Run, Tier


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A shape ready to run; `reads` are the paths it may read, from its roots, `handed` those it only hands on.

    `title` says where it is written.
    """

    body: Term
    size: int
    roots: tuple[tuple[str, int], ...]
    reads: frozenset[Path]
    handed: frozenset[Path]
    title: str
    runner: Tier = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "runner", Tier(self.closures, self.source))

    def run(self, values: Mapping[str, Any]) -> Any:
        """Make the document from the values of the roots; a root that is not given is null."""
        return self.runner.run(values)

    def closures(self) -> Run:
        """Give the mapping as closures, the reference."""
        body, size, roots = self.body.closure(), self.size, self.roots

        def run(values: Mapping[str, Any]) -> Any:
            frame: list[Any] = [None] * size
            for name, slot in roots:
                frame[slot] = values.get(name)
            return plain(body(frame))

        return run

    def source(self) -> Run | None:
        """Give the mapping as generated code, if all of it can be written."""
        return generated_mapping(self.body, [name for name, _ in self.roots], self.title)


def compile_mapping(where: Where, roots: Iterable[str], compiler: Compiler) -> CompiledMapping:
    """Compile the shape at a place, which may read these roots."""
    layout = Layout()
    scope = Scope.of_roots(layout, roots)
    body = compiler.value(where, scope)
    handed = frozenset(compiler.handed - compiler.used)
    title = f"{where.document.file} {'.'.join(map(str, where.path))}"
    return CompiledMapping(body, layout.size, tuple(scope.slots.items()), compiler.reads, handed, title)
