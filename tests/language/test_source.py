"""Generated code: it does what closures do, whatever is written and whatever comes in, and tracebacks show it."""

from __future__ import annotations

import json
import linecache
import traceback
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given, note, settings, strategies as st
from torouter.language.source.mapping import mapping_source
from torouter.language.tiers import OFTEN

from .anything import VOCABULARY, Anything, block
from .support import ROOTS, Stream, compile_text, exactly, generated, make

NUMBERS = st.integers(0, 2**64)


@settings(max_examples=150, deadline=None)
@given(NUMBERS)
def test_it_makes_of_whatever_comes_in_what_closures_make(number: int) -> None:
    anything = Anything(number)
    text = VOCABULARY + block({"make": anything.shape(("body", "target"))})
    note(text)
    mapping, diagnostics = compile_text(text)
    assume(not diagnostics.failed)
    reference, source = mapping.closures(), generated(mapping)
    for _ in range(8):
        values = {"body": anything.object(4), "target": anything.value()}
        note(json.dumps(values))
        before = deepcopy(values)
        assert exactly(source(values)) == exactly(reference(values))
        assert exactly(values) == exactly(before)


@settings(max_examples=75, deadline=None)
@given(NUMBERS)
def test_rules_emit_and_remember_what_their_closures_do(number: int) -> None:
    anything, roots = Anything(number), ("event", "state.n")
    item = (*roots, "item", "item_index")
    rules = [
        {"when": anything.logic(roots), "set": {"n": anything.logic(roots)}, "emit": [anything.shape(roots)]},
        {"$each": anything.logic(roots), "$as": "item", "$where": anything.logic(item), "emit": anything.shape(item)},
        {"$let": {"l": anything.shape(roots, 1)}, "set": {"n": "=l"}, "emit": [{"n": "=state.n", "l": "=l"}]},
    ]
    text = VOCABULARY + block({"match": ("all", "first")[number % 2], "state": {"n": 0}, "rules": rules})
    note(text)
    stream = Stream(text)
    assume(not stream.diagnostics.items)
    events = [anything.object(4) for _ in range(5)]
    note(json.dumps(events))
    stream.run(*events)  # which compares them


class Broken(dict[str, Any]):
    """Fails when it is looked into."""

    def get(self, name: str, default: Any = None) -> Any:
        raise RuntimeError(name)


def test_an_error_in_it_shows_the_line_that_was_generated_and_the_file_it_is_made_of() -> None:
    source = generated(compile_text("make: {m: =body.a}")[0])
    with pytest.raises(RuntimeError) as caught:
        source(Broken())
    last = traceback.extract_tb(caught.value.__traceback__)[-2]
    assert (last.filename, last.line) == ("test.yaml make", "body = values.get('body')")


def test_an_error_in_any_of_its_functions_shows_the_line_of_that_one() -> None:
    text = "define: {one: {args: [a], make: {v: '=a.b', w: '=a.c'}}}\n"
    used = {name: {"$use": "one", "$with": {"a": f"=body.{name}"}} for name in "ab"}
    source: Any = generated(compile_text(text + block({"make": {"x": used, "y": "=body.c"}}))[0])
    written = "".join(linecache.getlines("test.yaml make"))
    for name in ("_one", "make"):
        code = source.__globals__[name].__code__
        assert written.split("\n")[code.co_firstlineno - 1].startswith(f"def {name}(")


def test_what_a_definition_does_is_written_once_however_often_it_is_used() -> None:
    used = {
        name: {"$use": "held", "$with": {"one": f"=body.{name}", "two": f"{{{{ body.{name} }}}}"}} for name in "abc"
    }
    mapping, diagnostics = compile_text(VOCABULARY + block({"make": used}))
    assert not diagnostics.failed
    module, _ = mapping_source(mapping.body, ROOTS)
    assert module.text().count("def _held") == 1


def test_what_is_deeper_than_python_likes_is_written_in_functions_of_its_own() -> None:
    shape: Any = "=body.a"
    for depth in range(40):
        shape = {"$each": "=body.list", "$as": f"n{depth}", "m": shape, "n": f"=n{depth}"}
    made = make(block({"make": shape}), body={"a": 1, "list": [2]})
    assert json.dumps(made).count("n") == 40


def test_what_runs_often_runs_as_generated_code_from_then_on() -> None:
    mapping, _ = compile_text("make: {m: =body.a}")
    ways = []
    for turn in range(OFTEN + 2):
        assert mapping.run({"body": {"a": turn}}) == {"m": turn}
        ways.append(mapping.runner.run.__name__)
    assert ways[0] == "run"
    assert ways[-1] == "make"
