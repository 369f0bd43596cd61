"""One script: what the sandbox says to a request, compiled from its YAML file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from ..config.document import Document, Where
from ..config.schema import SANDBOX, check_document
from ..config.units import parse_duration
from ..diagnostics import Diagnostics
from ..language.mapping import CompiledMapping, compile_mapping
from ..language.operators import is_false
from ..language.shape import Compiler
from ..language.words import Vocabulary
from .words import Event, cut

ROOTS = ("request", "sample")
"""What the expressions of a script may read: the canonical request, and an example call of the tool it should use."""


@dataclass(frozen=True, slots=True)
class Step:
    """Some events of a script. `after` is the wait before each, in seconds; `pieces` how their text is cut."""

    emit: CompiledMapping
    when: CompiledMapping | None
    after: float
    pieces: str | int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a script says: `bindings` are values under their names, `error` refuses the request."""

    bindings: tuple[tuple[str, CompiledMapping], ...]
    error: CompiledMapping | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A script. `answers` are the model names it speaks for, where `*` stands for any characters.

    `complete` tells whether the stream is brought to its end; one that is not breaks off after the last step. `told`
    gives what it says, compiled.
    """

    name: str
    description: str
    answers: tuple[str, ...]
    complete: bool
    told: Callable[[], Told]

    def bind(self, request: Mapping[str, Any], sample: Mapping[str, Any] | None) -> dict[str, Any]:
        """Give the values that the script's expressions read."""
        values: dict[str, Any] = {"request": request, "sample": sample}
        for name, value in self.told().bindings:
            values[name] = value.run(values)
        return values

    def refusal(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Give the canonical error with which the request is refused; null when it is answered."""
        refuses = self.told().error
        error = refuses.run(values) if refuses is not None else None
        return error if isinstance(error, dict) else None

    def play(self, values: Mapping[str, Any]) -> Iterator[tuple[float, Event]]:
        """Give the decoder events in order, each with the seconds to wait before it."""
        for step in self.told().steps:
            if step.when is not None and is_false(step.when.run(values)):
                continue
            made = step.emit.run(values)
            for event in made if isinstance(made, list) else [made]:
                if event is not None:
                    yield from ((step.after, piece) for piece in cut(event, step.pieces))


def compile_script(document: Document, name: str, diagnostics: Diagnostics, *, sound: bool = False) -> Script | None:
    """Compile a script; nothing when its form is wrong. Everything that is wrong is added to `diagnostics`.

    Of one that is `sound` it is known that nothing is; it is compiled when it is first used.
    """
    if not sound and check_document(document.root, SANDBOX, diagnostics):
        return None
    data: Any = document.data
    told = cache(partial(_told, document, diagnostics))
    if not sound:
        told()
    return Script(name, data["description"], tuple(data["answers"]), data.get("complete", True), told)


def _told(document: Document, diagnostics: Diagnostics) -> Told:
    data: Any = document.data
    where = document.root
    compiler = Compiler(Vocabulary(), diagnostics)
    roots = list(ROOTS)
    bindings = []
    for binding in data.get("$let", ()):
        bindings.append((binding, compile_mapping(where.at("$let", binding), roots, compiler)))
        roots.append(binding)
    return Told(
        tuple(bindings),
        compile_mapping(where.at("error"), roots, compiler) if "error" in data else None,
        tuple(_step(where.at("steps", index), roots, compiler) for index in range(len(data.get("steps", ())))),
    )


def _step(where: Where, roots: list[str], compiler: Compiler) -> Step:
    value: Any = where.value
    return Step(
        compile_mapping(where.at("emit"), roots, compiler),
        compile_mapping(where.at("when"), roots, compiler) if "when" in value else None,
        parse_duration(value["after"]) if "after" in value else 0.0,
        value.get("pieces"),
    )
