"""Stream rules: what each event of a stream becomes.

A rule reads `on → when → $each → $where → $let → set → emit`. `dispatch` picks rules by the label of an event (rules
without `on` are for every event); `match: all` runs every rule that fits, `first` only the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..config.document import Where
from ..diagnostics import did_you_mean
from . import build
from .emits import kinds_of
from .operators import Fn, is_false
from .reads import PRESENCE, Path, PathCheck, items
from .scope import Scope
from .shape import Compiler

Frame = list[Any]
Run = Callable[[Frame, list[Any]], bool]

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
    by_label: Mapping[str, tuple[Run, ...]]
    others: tuple[Run, ...]
    first_only: bool
    loud: Rules | None = None

    def run(self, frame: Frame) -> list[Any]:
        """Run the rules on the event in the frame and give what they emit."""
        out: list[Any] = []
        rules = self.others
        if self.dispatch is not None:
            label = self.dispatch(frame)
            rules = self.by_label.get(label if type(label) is str else build.label(label), rules)
        if self.first_only:
            for rule in rules:
                if rule(frame, out):
                    break
        else:
            for rule in rules:
                rule(frame, out)
        return out


@dataclass(frozen=True, slots=True)
class _Rule:
    labels: tuple[str, ...] | None
    run: Run | None
    is_quiet: bool  # remembers nothing, and emits what somebody need not hear of
    condition: Run | None  # whether it fits, where that hangs on nothing else


def compile_rules(where: Where, scope: Scope, compiler: Compiler, quiet: frozenset[str] = frozenset()) -> Rules:
    """Compile the `dispatch`, `match`, `state` and `rules` of a stream file; `quiet` are kinds of events."""
    value = where.value
    file: Mapping[str, Any] = value if isinstance(value, dict) else {}
    dispatch = None
    if "dispatch" in file:
        node = compiler.expression(where.at("dispatch"), scope)
        compiler.used |= node.sources
        dispatch = node.term.closure()
    known = frozenset(state_of(file)) | {ENDED}
    compiler.unknown_path = _knowing_state(compiler.unknown_path, known)
    entries = file.get("rules")
    rules = [
        _compile_rule(where.at("rules", index), scope, compiler, known, quiet)
        for index in range(len(entries) if isinstance(entries, list) else 0)
    ]
    first_only = file.get("match") == "first"
    every = _by_label(rules, dispatch, first_only=first_only)
    if not any(rule.is_quiet for rule in rules):
        return every
    loud = [_hushed(rule, first_only=first_only) if rule.is_quiet else rule for rule in rules]
    return replace(every, loud=_by_label(loud, dispatch, first_only=first_only))


def _hushed(rule: _Rule, *, first_only: bool) -> _Rule:
    """Give a rule that emits nothing; where the first wins it still decides whether the next is tried."""
    return replace(rule, run=(rule.condition or rule.run) if first_only else None)


def _by_label(rules: Sequence[_Rule], dispatch: Fn | None, *, first_only: bool) -> Rules:
    labels = {label for rule in rules for label in rule.labels or ()}
    by_label = {label: tuple(_for_label(rules, label)) for label in labels}
    return Rules(dispatch, by_label, tuple(_for_label(rules, None)), first_only)


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


def _for_label(rules: Iterable[_Rule], label: str | None) -> Iterable[Run]:
    return (rule.run for rule in rules if rule.run is not None and (rule.labels is None or label in rule.labels))


def _compile_rule(
    where: Where, scope: Scope, compiler: Compiler, state: frozenset[str], quiet: frozenset[str]
) -> _Rule:
    value = where.value
    rule: Mapping[str, Any] = value if isinstance(value, dict) else {}
    for name in rule:
        if name not in _RULE_WORDS:
            message = f"a rule has no word `{name}`"
            compiler.diagnostics.error("unknown-word", where.key(name), message, help=did_you_mean(name, _RULE_WORDS))
    condition = None
    if "when" in rule:
        condition = compiler.condition(where.at("when"), scope).closure()
        scope = compiler.narrowed(where.at("when"), scope)
    run = _loop(where, rule, scope, compiler, state)
    kinds = kinds_of(rule.get("emit"))
    is_quiet = "set" not in rule and kinds is not None and kinds <= quiet
    fits = None if "$each" in rule else _conditional(condition, _emit_nothing)
    return _Rule(_labels(where, rule, compiler), _conditional(condition, run), is_quiet, fits)


def _labels(where: Where, rule: Mapping[str, Any], compiler: Compiler) -> tuple[str, ...] | None:
    if "on" not in rule:
        return None
    labels = rule["on"] if isinstance(rule["on"], list) else [rule["on"]]
    file = where.document.data
    if isinstance(file, dict) and "dispatch" not in file:
        compiler.diagnostics.error("missing-partner", where.key("on"), "`on` needs `dispatch` at the top of the file")
    return tuple(str(label) for label in labels)


def _conditional(condition: Fn | None, run: Run) -> Run:
    if condition is None:
        return run

    def run_if(frame: Frame, out: list[Any]) -> bool:
        holds = condition(frame)
        return run(frame, out) if holds or not is_false(holds) else False

    return run_if


def _loop(where: Where, rule: Mapping[str, Any], scope: Scope, compiler: Compiler, state: frozenset[str]) -> Run:
    if "$each" not in rule:
        return _actions(where, rule, scope, compiler, state)
    source = compiler.expression(where.at("$each"), scope)
    name = rule.get("$as")
    if not isinstance(name, str):
        compiler.diagnostics.error("missing-partner", where.key("$each"), "`$each` needs `$as` beside it")
        name = "item"
    inner, item_name = scope.bind(name, items(source.sources))
    inner, index_name = inner.bind(f"{name}_index")
    condition = None
    if "$where" in rule:
        condition = compiler.condition(where.at("$where"), inner).closure()
        inner = compiler.narrowed(where.at("$where"), inner)
    body = _actions(where, rule, inner, compiler, state)
    entries_of, slot, index_slot = source.term.closure(), item_name.slot, index_name.slot

    def run(frame: Frame, out: list[Any]) -> bool:
        entries = entries_of(frame)
        if not isinstance(entries, list):
            return False
        for index, item in enumerate(entries):
            frame[slot] = item
            frame[index_slot] = index
            if condition is not None:
                holds = condition(frame)
                if not holds and is_false(holds):
                    continue
            body(frame, out)
        return bool(entries)

    return run


def _actions(where: Where, rule: Mapping[str, Any], scope: Scope, compiler: Compiler, state: frozenset[str]) -> Run:
    bindings: list[tuple[int, Fn]] = []
    if "$let" in rule:
        scope, bound = compiler.bindings(where.at("$let"), scope)
        bindings = [(name.slot, term.closure()) for name, term in bound]
    setters = _setters(where, rule, scope, compiler, state)
    emitters = _emitters(where, rule, scope, compiler)
    state_slot = scope.slots[STATE]
    if not bindings and not setters and len(emitters) == 1:
        return _emit_one(emitters[0])

    def run(frame: Frame, out: list[Any]) -> bool:
        for slot, value in bindings:
            frame[slot] = build.plain(value(frame))
        for name, value in setters:
            frame[state_slot][name] = build.plain(value(frame))
        for emitter in emitters:
            made = emitter(frame)
            if type(made) is dict:
                out.append(made)
            elif made is not None:
                _collect(made, out)
        return True

    return run


def _emit_nothing(_frame: Frame, _out: list[Any]) -> bool:
    return True


def _emit_one(emitter: Fn) -> Run:
    def run(frame: Frame, out: list[Any]) -> bool:
        made = emitter(frame)
        if type(made) is dict:
            out.append(made)
        elif made is not None:
            _collect(made, out)
        return True

    return run


def _collect(made: Any, out: list[Any]) -> None:
    """Take the objects that were made; an event is nothing else."""
    for value in made if isinstance(made, list) else (made,):
        if isinstance(value, dict):
            out.append(value)


def _setters(
    where: Where, rule: Mapping[str, Any], scope: Scope, compiler: Compiler, state: frozenset[str]
) -> Sequence[tuple[str, Fn]]:
    names = rule.get("set")
    setters = []
    for name in names if isinstance(names, dict) else ():
        if name not in state:
            message = f"the state has no `{name}`"
            help_text = did_you_mean(name, state) or "declare its first value under `state:`"
            compiler.diagnostics.error("unknown-state", where.at("set").key(name), message, help=help_text)
        setters.append((name, compiler.value(where.at("set", name), scope).closure()))
    return tuple(setters)


def _emitters(where: Where, rule: Mapping[str, Any], scope: Scope, compiler: Compiler) -> Sequence[Fn]:
    entries = rule.get("emit")
    if isinstance(entries, dict):
        return (compiler.value(where.at("emit"), scope).closure(),)
    count = len(entries) if isinstance(entries, list) else 0
    return tuple(compiler.value(where.at("emit", index), scope).closure() for index in range(count))
