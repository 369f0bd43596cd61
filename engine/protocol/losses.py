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

    def severity_of(self, holder: Mapping[str, Any], roots: Roots) -> Severity | None:
        """Say how bad it is to lose this of its holder; nothing if it is not lost."""
        value: Any = holder
        for step in self.steps:
            value = value.get(step) if isinstance(value, dict) else None
            if value is None:
                return None
        if self.steps and value in HARMLESS.get(self.general, ()):
            return None
        found = self.severity.run(roots)
        return found if found in _SEVERITIES else None

    def loss(self, where: str, severity: Severity) -> Loss:
        """Give the loss, of what is held at a place."""
        return Loss(".".join((where, *self.steps) if where else self.steps), self.general, severity, self.why)


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules for what is held in one way, by the member that each begins with; those of None look at all of it."""

    by_name: Mapping[str | None, tuple[_Rule, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def with_rule(self, rule: _Rule) -> _Rules:
        """Give these rules with one more."""
        name = rule.steps[0] if rule.steps else None
        return _Rules({**self.by_name, name: (*self.by_name.get(name, ()), rule)})

    def concern(self, holder: Mapping[str, Any]) -> bool:
        """Tell whether any of them may find something; most often none does."""
        return None in self.by_name or not self.by_name.keys().isdisjoint(holder)

    def check(self, holder: Mapping[str, Any], roots: Roots) -> Sequence[tuple[_Rule, Severity]]:
        """Give those that find something, with how bad it is."""
        return [
            (rule, severity)
            for name, rules in self.by_name.items()
            if name is None or name in holder
            for rule in rules
            if (severity := rule.severity_of(holder, roots)) is not None
        ]


_NO_RULES = _Rules()


@dataclass(frozen=True, slots=True)
class DecidedLosses:
    """The losses that values and the target decide, by what holds them; parts and tools by their kind."""

    request: _Rules = _NO_RULES
    system: _Rules = _NO_RULES
    turns: _Rules = _NO_RULES
    parts: Mapping[str, _Rules] = field(default_factory=dict)
    tools: Mapping[str, _Rules] = field(default_factory=dict)

    def with_rule(self, place: Path, severity: CompiledMapping, why: str) -> DecidedLosses:
        """Give these losses with one more."""
        general = dotted(place)
        match place:
            case ("turns", "*", "parts", "*", kind, *steps):
                return replace(self, parts=_added(self.parts, kind[1:], _Rule(general, tuple(steps), severity, why)))
            case ("tools", "*", kind, *steps):
                return replace(self, tools=_added(self.tools, kind[1:], _Rule(general, tuple(steps), severity, why)))
            case ("turns", "*", *steps):
                return replace(self, turns=self.turns.with_rule(_Rule(general, tuple(steps), severity, why)))
            case ("system", "*", *steps):
                return replace(self, system=self.system.with_rule(_Rule(general, tuple(steps), severity, why)))
        return replace(self, request=self.request.with_rule(_Rule(general, place, severity, why)))

    def check(self, request: dict[str, Any], roots: Roots) -> Sequence[Loss]:
        """Give what of this request this target does not take.

        A severity reads the request, the target and what holds the place: `turn`, `tool`, or
        `part` with its `turn` and, within one, its `result`.
        """
        values = {**roots, "request": request}
        found: list[Loss] = []
        if self.request.concern(request):
            found += [rule.loss("", bad) for rule, bad in self.request.check(request, values)]
        if self.system:
            for number, part in enumerate(request.get("system", ())):
                values["part"] = part
                found += [rule.loss(f"system[{number}]", bad) for rule, bad in self.system.check(part, values)]
        if self.tools:
            for number, tool in enumerate(request.get("tools", ())):
                rules = self.tools.get(tool["kind"], _NO_RULES)
                if rules.concern(tool):
                    values["tool"] = tool
                    found += [rule.loss(f"tools[{number}]", bad) for rule, bad in rules.check(tool, values)]
        if self.turns or self.parts:
            self._check_turns(request["turns"], values, found)
        return found

    def _check_turns(self, turns: Iterable[dict[str, Any]], values: dict[str, Any], found: list[Loss]) -> None:
        for number, turn in enumerate(turns):
            if self.turns.concern(turn):
                values |= {"turn": turn, "part": None, "result": None}
                found += [rule.loss(_place((number,)), bad) for rule, bad in self.turns.check(turn, values)]
            for part, numbers, result in self._concerned(turn["parts"]):
                values["turn"], values["part"], values["result"] = turn, part, result
                rules = self.parts[part["kind"]]
                found += [rule.loss(_place((number, *numbers)), bad) for rule, bad in rules.check(part, values)]

    def _concerned(self, parts: Iterable[dict[str, Any]]) -> Iterable[_Held]:
        """Give the parts of which something may be lost, also those of results."""
        by_kind = self.parts
        found: list[_Held] = []
        for number, part in enumerate(parts):
            kind = part["kind"]
            if kind in by_kind and by_kind[kind].concern(part):
                found.append((part, (number,), None))
            if kind == "tool_result":
                inner = self._concerned(part["parts"])
                found += [(it, (number, *numbers), result or part) for it, numbers, result in inner]
        return found


_Held = tuple[dict[str, Any], tuple[int, ...], dict[str, Any] | None]  # a part, its numbers, the result that it is in


def _place(numbers: Iterable[int]) -> str:
    """Write the place of a turn, or of a part of it, or of a part of that."""
    return ".parts".join(["turns", *(f"[{number}]" for number in numbers)]).replace(".parts", "", 1)


def _added(rules: Mapping[str, _Rules], kind: str, rule: _Rule) -> Mapping[str, _Rules]:
    return {**rules, kind: rules.get(kind, _NO_RULES).with_rule(rule)}


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
