"""Stream rules: what each event of a stream becomes.

A rule reads `on → when → $each → $where → $let → set → emit`. `dispatch` picks rules by the label of an event (rules
without `on` are for every event); `match: all` runs every rule that fits, `first` only the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..config.document import Where
from ..diagnostics import did_you_mean
from . import build
from .emits import kinds_of
from .operators import Fn
from .reads import PRESENCE, Path, PathCheck, items
from .rules import Frame, Rule, run_all
from .scope import Layout, Scope
from .shape import Compiler
from .source.rules import generated_rules
from .terms import Loop, Name, Term
from .tiers import Kept, Run, Tier

STATE = "state"
ENDED = "ended"
_RULE_WORDS = ("on", "when", "$each", "$as", "$where", "$let", "set", "emit")


@dataclass(frozen=True, slots=True)
class Rules:
    """The compiled rules of one file: `by_label` where the event's label has rules of its own, else `others`.

    `loud` are the same but for rules that remember nothing and only emit what somebody need not hear of, if there are
    such: these emit nothing.
    """

    dispatch: Fn | None
    by_label: Mapping[str, Program]
    others: Program
    loud: Rules | None = None

    def run(self, frame: Frame) -> list[Any]:
        """Run the rules on the event in the frame and give what they emit."""
        out: list[Any] = []
        program = self.others
        if self.dispatch is not None:
            label = self.dispatch(frame)
            program = self.by_label.get(label if type(label) is str else build.label(label), program)
        program.runner.run(frame, out)
        return out


@dataclass(frozen=True, slots=True)
class Program:
    """The rules for events of one label, or of one that no rule names (None), of all that are `kept` of a file.

    They run one after the other, or, `first_only`, until the first that fits. The `loud` ones emit nothing that is
    quiet. `title` says where they stand.
    """

    kept: Kept[Sequence[Rule]]
    label: str | None
    first_only: bool
    title: str
    loud: bool = False
    runner: Tier = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "runner", Tier(self.closures, self.source, self.kept))

    def closures(self) -> Run:
        """Give the rules as closures, the reference."""
        return run_all(self._rules(), first_only=self.first_only)

    def source(self) -> Run | None:
        """Give the rules as generated code, if all of them can be written."""
        return generated_rules(self._rules(), self.title, first_only=self.first_only)

    def _rules(self) -> tuple[Rule, ...]:
        rules = (it for it in self.kept.get() if it.labels is None or self.label in it.labels)
        return tuple(it for rule in rules if (it := _hushed(rule, self.first_only) if self.loud else rule) is not None)


def compile_rules(where: Where, scope: Scope, compiler: Compiler, quiet: frozenset[str] = frozenset()) -> Rules:
    """Compile the `dispatch`, `match`, `state` and `rules` of a stream file; `quiet` are kinds of events."""
    value = where.value
    file: Mapping[str, Any] = value if isinstance(value, dict) else {}
    title = where.document.file
    dispatch = None
    if "dispatch" in file:
        node = compiler.expression(where.at("dispatch"), scope)
        compiler.used |= node.sources
        dispatch = node.term.closure()
    known = frozenset(state_of(file)) | {ENDED}
    compiler.unknown_path = _knowing_state(compiler.unknown_path, known)
    size, anew = scope.layout.size, compiler.anew
    rules = _all_rules(where, scope, compiler, known, quiet)
    kept = Kept(lambda: _all_rules(where, replace(scope, layout=Layout(size)), anew(), known, quiet), rules)
    first_only = file.get("match") == "first"

    def programs(title: str, *, loud: bool = False) -> Rules:
        labels = sorted({label for rule in rules for label in rule.labels or ()})
        by_label = {label: Program(kept, label, first_only, f"{title} {label}", loud) for label in labels}
        return Rules(dispatch, by_label, Program(kept, None, first_only, title, loud))

    every = programs(title)
    return replace(every, loud=programs(f"{title} loud", loud=True)) if any(it.is_quiet for it in rules) else every


def _all_rules(
    where: Where, scope: Scope, compiler: Compiler, state: frozenset[str], quiet: frozenset[str]
) -> Sequence[Rule]:
    value = where.value
    entries = value.get("rules") if isinstance(value, dict) else None
    count = len(entries) if isinstance(entries, list) else 0
    return [_compile_rule(where.at("rules", index), scope, compiler, state, quiet) for index in range(count)]


def _hushed(rule: Rule, first_only: bool) -> Rule | None:
    """Give what is left of a rule that emits nothing if it is quiet.

    Where the first wins it decides whether the next is tried.
    """
    if not rule.is_quiet:
        return rule
    if not first_only:
        return None
    return rule if rule.loop is not None else replace(rule, bindings=(), emits=())


def state_of(file: Mapping[str, Any]) -> dict[str, Any]:
    """Give the state that a stream starts with."""
    state = file.get("state")
    return dict(state) if isinstance(state, dict) else {}


def _knowing_state(others: PathCheck | None, known: frozenset[str]) -> PathCheck:
    """Give the check of a path that also knows what the state of this file holds."""

    def check(path: Path) -> str | None:
        if path[0] != STATE or len(path) == 1 or path[1] in (*known, "*", PRESENCE):
            return others(path) if others is not None else None
        suggestion = did_you_mean(path[1], known)
        return f"`{STATE}` has no `{path[1]}`" + (f"; {suggestion}" if suggestion else "")

    return check


def _compile_rule(where: Where, scope: Scope, compiler: Compiler, state: frozenset[str], quiet: frozenset[str]) -> Rule:
    value = where.value
    rule: Mapping[str, Any] = value if isinstance(value, dict) else {}
    for name in rule:
        if name not in _RULE_WORDS:
            message = f"a rule has no word `{name}`"
            compiler.diagnostics.error("unknown-word", where.key(name), message, help=did_you_mean(name, _RULE_WORDS))
    condition = loop = None
    if "when" in rule:
        condition = compiler.condition(where.at("when"), scope)
        scope = compiler.narrowed(where.at("when"), scope)
    if "$each" in rule:
        scope, loop = _loop(where, rule, scope, compiler)
    bindings: tuple[tuple[Name, Term], ...] = ()
    if "$let" in rule:
        scope, bindings = compiler.bindings(where.at("$let"), scope)
    setters = _setters(where, rule, scope, compiler, state)
    emits = _emits(where, rule, scope, compiler)
    kinds = kinds_of(rule.get("emit"))
    is_quiet = "set" not in rule and kinds is not None and kinds <= quiet
    remembered = Name(scope.slots[STATE], STATE)
    return Rule(_labels(where, rule, compiler), condition, loop, bindings, setters, emits, remembered, is_quiet)


def _labels(where: Where, rule: Mapping[str, Any], compiler: Compiler) -> tuple[str, ...] | None:
    if "on" not in rule:
        return None
    labels = rule["on"] if isinstance(rule["on"], list) else [rule["on"]]
    file = where.document.data
    if isinstance(file, dict) and "dispatch" not in file:
        compiler.diagnostics.error("missing-partner", where.key("on"), "`on` needs `dispatch` at the top of the file")
    return tuple(str(label) for label in labels)


def _loop(where: Where, rule: Mapping[str, Any], scope: Scope, compiler: Compiler) -> tuple[Scope, Loop]:
    source = compiler.expression(where.at("$each"), scope)
    name = rule.get("$as")
    if not isinstance(name, str):
        compiler.diagnostics.error("missing-partner", where.key("$each"), "`$each` needs `$as` beside it")
        name = "item"
    inner, item = scope.bind(name, items(source.sources))
    inner, index = inner.bind(f"{name}_index")
    condition = None
    if "$where" in rule:
        condition = compiler.condition(where.at("$where"), inner)
        inner = compiler.narrowed(where.at("$where"), inner)
    return inner, Loop(source.term, item, index, condition)


def _setters(
    where: Where, rule: Mapping[str, Any], scope: Scope, compiler: Compiler, state: frozenset[str]
) -> tuple[tuple[str, Term], ...]:
    names = rule.get("set")
    setters = []
    for name in names if isinstance(names, dict) else ():
        if name not in state:
            message = f"the state has no `{name}`"
            help_text = did_you_mean(name, state) or "declare its first value under `state:`"
            compiler.diagnostics.error("unknown-state", where.at("set").key(name), message, help=help_text)
        setters.append((name, compiler.value(where.at("set", name), scope)))
    return tuple(setters)


def _emits(where: Where, rule: Mapping[str, Any], scope: Scope, compiler: Compiler) -> tuple[Term, ...]:
    entries = rule.get("emit")
    if isinstance(entries, dict):
        return (compiler.value(where.at("emit"), scope),)
    count = len(entries) if isinstance(entries, list) else 0
    return tuple(compiler.value(where.at("emit", index), scope) for index in range(count))
