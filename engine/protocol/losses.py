"""What a request loses on its way to one target: known from what is read, and from what values and target decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from ..canonical import schema
from ..canonical.loss import HARMLESS, Loss, Path, Severity, any_kind, dotted, unknown_severities
from ..config.document import Where
from ..diagnostics import did_you_mean
from ..language.mapping import CompiledMapping, compile_mapping
from ..language.shape import Compiler

_ROOTS = ("request", "target", "memo", "turn", "result", "part", "tool")
_SEVERITIES = get_args(Severity)
_REASON = "this model does not take it"
_LISTS = (("turns",), ("system",), ("tools",))

Roots = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Rule:
    """One place: members below what holds it (none: the holder itself); `severity` says how bad, or nothing."""

    general: str
    steps: Path
    severity: CompiledMapping

    def check(self, holder: Mapping[str, Any], where: str, roots: Roots) -> Iterator[Loss]:
        value: Any = holder
        for step in self.steps:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None or value in HARMLESS.get(self.general, ()):
            return
        severity = self.severity.run(roots)
        if severity in _SEVERITIES:
            path = ".".join((where, *self.steps) if where else self.steps)
            yield Loss(path, self.general, severity, _REASON)


@dataclass(frozen=True, slots=True)
class DecidedLosses:
    """The losses that values and the target decide, by what holds them; parts and tools by their kind."""

    request: tuple[_Rule, ...] = ()
    system: tuple[_Rule, ...] = ()
    turns: tuple[_Rule, ...] = ()
    parts: Mapping[str, tuple[_Rule, ...]] = field(default_factory=dict)
    tools: Mapping[str, tuple[_Rule, ...]] = field(default_factory=dict)

    def with_rule(self, place: Path, severity: CompiledMapping) -> DecidedLosses:
        """Give these losses with one more."""
        match place:
            case ("turns", "*", "parts", "*", kind, *steps):
                return replace(self, parts=_added(self.parts, kind[1:], _Rule(dotted(place), tuple(steps), severity)))
            case ("tools", "*", kind, *steps):
                return replace(self, tools=_added(self.tools, kind[1:], _Rule(dotted(place), tuple(steps), severity)))
            case ("turns", "*", *steps):
                return replace(self, turns=(*self.turns, _Rule(dotted(place), tuple(steps), severity)))
            case ("system", "*", *steps):
                return replace(self, system=(*self.system, _Rule(dotted(place), tuple(steps), severity)))
        return replace(self, request=(*self.request, _Rule(dotted(place), place, severity)))

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
    where: Where, compiler: Compiler, reads: frozenset[Path]
) -> tuple[dict[str, Severity], frozenset[Path], DecidedLosses]:
    """Read the `loss` mapping of a file: fixed severities, the reads with what is decided, and those decisions."""
    try:
        value = where.value
    except LookupError:
        value = None
    declared: dict[str, Any] = value if isinstance(value, dict) else {}
    unknown = unknown_severities(declared)
    for name in unknown:
        suggestion = did_you_mean(name, {dotted(path) for path in schema.paths()})
        message = f"the canonical request has no `{name}`"
        compiler.diagnostics.error("unknown-loss-path", where.key(name), message, help=suggestion)
    known = {name: severity for name, severity in declared.items() if name not in unknown}
    fixed: dict[str, Severity] = {name: said for name, said in known.items() if said in _SEVERITIES}
    decided = DecidedLosses()
    read = set(reads)
    for name in known:
        if name in fixed:
            continue
        severity = compile_mapping(where.at(name), _ROOTS, compiler)
        for place in _places(name):
            decided = decided.with_rule(place, severity)
            if place not in _LISTS and not place[-1].startswith(":"):
                read |= {path for path in schema.paths() if path[: len(place)] == place}
    return fixed, frozenset(read), decided


def _places(name: str) -> list[Path]:
    """Give the places that a dotted name means: one, or one for each kind that has the member."""
    found = dict.fromkeys(path[:length] for path in schema.paths() for length in range(1, len(path) + 1))
    exact = [place for place in found if place[-1] != "*" and dotted(place) == name]
    return exact or [place for place in found if place[-1] != "*" and dotted(any_kind(place)) == name]
