"""The rules of a stream for one kind of event, written as one function of a frame and a list of what is emitted."""

from __future__ import annotations

from collections.abc import Sequence

from ..rules import Rule, collect
from .module import Module, Run, load
from .shapes import Shapes, Unwritable
from .sinks import Emit


def rules_source(rules: Sequence[Rule], *, first_only: bool) -> tuple[Module, str]:
    """Write rules that run one after the other, or until the first that fits. Raises Unwritable."""
    module = Module()
    shapes = Shapes(module)
    function = shapes.function
    for rule in rules:
        function.changing.add(function.name(rule.state.slot, rule.state.text))
        _rule(rule, shapes, first_only=first_only)
    first = [f"{function.name(slot, text)} = frame[{slot}]" for slot, text in function.free.items()]
    return module, module.add("rules", lambda name: function.text(f"def {name}(frame, out):", first or ["pass"]))


def generated_rules(rules: Sequence[Rule], title: str, *, first_only: bool) -> Run | None:
    """Compile rules to generated code; nothing where there is no source."""
    try:
        module, name = rules_source(rules, first_only=first_only)
    except Unwritable:
        return None
    return load(module, name, title)


def _rule(rule: Rule, shapes: Shapes, *, first_only: bool) -> None:
    function = shapes.function
    if rule.condition is None:
        _fitting(rule, shapes, first_only=first_only)
    else:
        with function.block(f"if {shapes.holds(rule.condition)}:"):
            _fitting(rule, shapes, first_only=first_only)


def _fitting(rule: Rule, shapes: Shapes, *, first_only: bool) -> None:
    function = shapes.function
    if rule.loop is None:
        _actions(rule, shapes)
        if first_only:
            function.line("return")
        return
    with shapes.loop(rule.loop) as items:
        _actions(rule, shapes)
    if first_only:
        function.line(f"if isinstance({items}, list) and {items}: return")


def _actions(rule: Rule, shapes: Shapes) -> None:
    function = shapes.function
    shapes.bind(rule.bindings)
    state = function.name(rule.state.slot, rule.state.text)
    for name, term in rule.setters:
        value = shapes.named(term, name)
        function.line(f"{state}[{name!r}] = {value.code}")
    emit = Emit(function, function.constants.name(collect, "collect"))
    for term in rule.emits:
        shapes.write(term, emit)
