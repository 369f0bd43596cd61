"""What a request loses on its way to one target: known from what is read, and from what values and target decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, get_args

from ..canonical import schema
from ..canonical.harmless import HARMLESS
from ..canonical.loss import REFUSED, Declared, Loss, Path, Severity, any_kind, dotted, unknown_places
from ..config.document import Where
from ..diagnostics import did_you_mean
from ..language.mapping import CompiledMapping, compile_mapping
from ..language.shape import Compiler

_ROOTS = ("request", "target", "memo", "turn", "result", "part", "tool")
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_LISTS = (("turns",), ("system",), ("tools",))

Roots = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Rule:
    """One place: members below what holds it (none: the holder itself); `severity` says how bad, or nothing."""

    general: str
    steps: Path
    severity: CompiledMapping
    why: str

    def check(self, holder: Mapping[str, Any], where: str, roots: Roots) -> Iterator[Loss]:
        value: Any = holder
        for step in self.steps:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None or value in HARMLESS.get(self.general, ()):
            return
        severity = self.severity.run(roots)
        if severity in _SEVERITIES:
            path = ".".join((where, *self.steps) if where else self.steps)
            yield Loss(path, self.general, severity, self.why)


@dataclass(frozen=True, slots=True)
class DecidedLosses:
    """The losses that values and the target decide, by what holds them; parts and tools by their kind."""

    request: tuple[_Rule, ...] = ()
    system: tuple[_Rule, ...] = ()
    turns: tuple[_Rule, ...] = ()
    parts: Mapping[str, tuple[_Rule, ...]] = field(default_factory=dict)
    tools: Mapping[str, tuple[_Rule, ...]] = field(default_factory=dict)

    def with_rule(self, place: Path, severity: CompiledMapping, why: str) -> DecidedLosses:
        """Give these losses with one more."""
        general = dotted(place)
        match place:
            case ("turns", "*", "parts", "*", kind, *steps):
                return replace(self, parts=_added(self.parts, kind[1:], _Rule(general, tuple(steps), severity, why)))
            case ("tools", "*", kind, *steps):
                return replace(self, tools=_added(self.tools, kind[1:], _Rule(general, tuple(steps), severity, why)))
            case ("turns", "*", *steps):
                return replace(self, turns=(*self.turns, _Rule(general, tuple(steps), severity, why)))
            case ("system", "*", *steps):
                return replace(self, system=(*self.system, _Rule(general, tuple(steps), severity, why)))
        return replace(self, request=(*self.request, _Rule(general, place, severity, why)))

    def check(self, request: dict[str, Any], roots: Roots) -> Iterator[Loss]:
        """Give what of this request this target does not take.

        A severity reads the request, the target and what holds the place: `turn`, `tool`, or
        `part` with its `turn` and, within one, its `result`.
        """
        roots = {**roots, "request": request}
        yield from _checked(self.request, request, "", roots)
        if self.system:
            for number, part in enumerate(request.get("system", ())):
                yield from _checked(self.system, part, f"system[{number}]", {**roots, "part": part})
        if self.tools:
            for number, tool in enumerate(request.get("tools", ())):
                rules = self.tools.get(tool["kind"], ())
                yield from _checked(rules, tool, f"tools[{number}]", {**roots, "tool": tool})
        if self.turns or self.parts:
            for number, turn in enumerate(request["turns"]):
                inner = {**roots, "turn": turn}
                yield from _checked(self.turns, turn, f"turns[{number}]", inner)
                yield from self._check_parts(turn["parts"], f"turns[{number}]", inner)

    def _check_parts(self, parts: Iterable[dict[str, Any]], where: str, roots: Roots) -> Iterator[Loss]:
        by_kind = self.parts
        for number, part in enumerate(parts):
            kind = part["kind"]
            if kind in by_kind:
                yield from _checked(by_kind[kind], part, f"{where}.parts[{number}]", {**roots, "part": part})
            if kind == "tool_result":
                yield from self._check_parts(part["parts"], f"{where}.parts[{number}]", {**roots, "result": part})


def _added(rules: Mapping[str, tuple[_Rule, ...]], kind: str, rule: _Rule) -> Mapping[str, tuple[_Rule, ...]]:
    return {**rules, kind: (*rules.get(kind, ()), rule)}


def _checked(rules: Iterable[_Rule], holder: Mapping[str, Any], where: str, roots: Roots) -> Iterator[Loss]:
    for rule in rules:
        yield from rule.check(holder, where, roots)


def read_losses(
    where: Where, compiler: Compiler, reads: frozenset[Path], subject: str = schema.GENERATION
) -> tuple[dict[str, Declared], frozenset[Path], DecidedLosses]:
    """Read the `loss` of a request encoder: what is fixed, the reads with what is decided, and the decisions."""
    fixed: dict[str, Declared] = {}
    root = schema.name_of(subject, "request")
    decided, read = DecidedLosses(), set(reads)
    for name, entry in _known(where, compiler, root):
        place, why = _severity_and_why(entry)
        said = _fixed(place, why)
        if said is not None:
            fixed[name] = said
            continue
        severity = compile_mapping(place, _ROOTS, compiler)
        for path in _places(name, root):
            decided = decided.with_rule(path, severity, why or REFUSED)
            if path not in _LISTS and not path[-1].startswith(":"):
                read |= {known for known in schema.paths(root) if known[: len(path)] == path}
    return fixed, frozenset(read), decided


def read_declared(where: Where, compiler: Compiler, root: str | None = None) -> dict[str, Declared]:
    """Read a `loss` in which nothing is decided; names of a canonical `root` are checked, those of a body are free."""
    entries = ((name, _fixed(*_severity_and_why(entry))) for name, entry in _known(where, compiler, root))
    return {name: said for name, said in entries if said is not None}


def _known(where: Where, compiler: Compiler, root: str | None) -> Iterator[tuple[str, Where]]:
    """Give the entries of a `loss` mapping; one that names no place of the canonical `root` is reported instead."""
    try:
        value = where.value
    except LookupError:
        return
    declared: dict[str, Any] = value if isinstance(value, dict) else {}
    unknown = unknown_places(declared, root) if root is not None else []
    for name in unknown:
        suggestion = did_you_mean(name, {dotted(path) for path in schema.paths(root or "request")})
        message = f"the canonical {(root or '').replace('_', ' ')} has no `{name}`"
        compiler.diagnostics.error("unknown-loss-path", where.key(name), message, help=suggestion)
    yield from ((name, where.at(name)) for name in declared if name not in unknown)


def _fixed(place: Where, why: str) -> Declared | None:
    """Give what is declared, if no condition decides it."""
    severity = next((known for known in _SEVERITIES if known == place.value), None)
    return None if severity is None else Declared(severity, why)


def _severity_and_why(entry: Where) -> tuple[Where, str]:
    """Give where the severity of an entry stands, and its reason: an entry is a severity, or both under their names."""
    if isinstance(entry.value, dict) and "severity" in entry.value:
        return entry.at("severity"), str(entry.value.get("why", ""))
    return entry, ""


@cache
def _places(name: str, root: str) -> Sequence[Path]:
    """Give the places that a dotted name means: one, or one for each kind that has the member."""
    found = dict.fromkeys(path[:length] for path in schema.paths(root) for length in range(1, len(path) + 1))
    exact = [place for place in found if place[-1] != "*" and dotted(place) == name]
    return exact or [place for place in found if place[-1] != "*" and dotted(any_kind(place)) == name]
