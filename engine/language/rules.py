"""One rule of a stream: what it says, and what it does as closures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import build
from .operators import Fn, is_false
from .terms import Loop, Name, Term, optional

Frame = list[Any]
Run = Callable[[Frame, list[Any]], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, which reads `condition → loop → bindings → setters → emits`; without labels it is for every event.

    It is `quiet` if it remembers nothing and emits only what somebody need not hear of.
    """

    labels: tuple[str, ...] | None
    condition: Term | None
    loop: Loop | None
    bindings: tuple[tuple[Name, Term], ...]
    setters: tuple[tuple[str, Term], ...]
    emits: tuple[Term, ...]
    state: Name
    is_quiet: bool

    def closure(self) -> Run:
        """Give what runs; it takes the frame and what is emitted, and tells whether the rule fits."""
        run = self._actions()
        if self.loop is not None:
            run = _looped(self.loop, run)
        return run if self.condition is None else _conditional(self.condition.closure(), run)

    def _actions(self) -> Run:
        bindings = [(name.slot, term.closure()) for name, term in self.bindings]
        setters = [(name, term.closure()) for name, term in self.setters]
        emitters = [term.closure() for term in self.emits]
        state = self.state.slot
        if not bindings and not setters and len(emitters) == 1:
            return _emit_one(emitters[0])

        def run(frame: Frame, out: list[Any]) -> bool:
            for slot, value in bindings:
                frame[slot] = build.plain(value(frame))
            for name, value in setters:
                frame[state][name] = build.plain(value(frame))
            for emitter in emitters:
                made = emitter(frame)
                if type(made) is dict:
                    out.append(made)
                elif made is not None:
                    collect(made, out)
            return True

        return run


def _looped(loop: Loop, body: Run) -> Run:
    items_of, condition = loop.source.closure(), optional(loop.condition)
    slot, index_slot = loop.item.slot, loop.index.slot

    def run(frame: Frame, out: list[Any]) -> bool:
        items = items_of(frame)
        if not isinstance(items, list):
            return False
        for index, item in enumerate(items):
            frame[slot] = item
            frame[index_slot] = index
            if condition is not None:
                holds = condition(frame)
                if not holds and is_false(holds):
                    continue
            body(frame, out)
        return bool(items)

    return run


def _conditional(condition: Fn, run: Run) -> Run:
    def run_if(frame: Frame, out: list[Any]) -> bool:
        holds = condition(frame)
        return run(frame, out) if holds or not is_false(holds) else False

    return run_if


def _emit_one(emitter: Fn) -> Run:
    def run(frame: Frame, out: list[Any]) -> bool:
        made = emitter(frame)
        if type(made) is dict:
            out.append(made)
        elif made is not None:
            collect(made, out)
        return True

    return run


def collect(made: Any, out: list[Any], opens: bool = True) -> None:
    """Take the objects that were made, also those of a list if it `opens`; an event is nothing else."""
    for value in made if opens and isinstance(made, list) else (made,):
        if isinstance(value, dict):
            out.append(value)


def run_all(rules: Sequence[Rule], *, first_only: bool) -> Callable[[Frame, list[Any]], None]:
    """Give the closure of rules that run one after the other, or until the first that fits."""
    runs = tuple(rule.closure() for rule in rules)

    def run(frame: Frame, out: list[Any]) -> None:
        for rule in runs:
            if rule(frame, out) and first_only:
                break

    return run
