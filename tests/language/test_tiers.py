"""What runs as generated code holds nothing that it was compiled to; who needs it again gets it."""

from __future__ import annotations

import gc
from weakref import ref

import pytest
from torouter.language.mapping import CompiledMapping, compile_mapping
from torouter.language.shape import Compiler
from torouter.language.terms import Expression
from torouter.language.tiers import OFTEN, Kept

from .support import ROOTS, Stream, exactly, load, vocabulary_of

MAPPING = """
    define: {one: {args: [a], make: {v: =a.kept_here}}}
    make:
      m:
        $use: one
        $with: {a: =body.kept_there}
"""
RULES = """
    dispatch: =event.type
    state: {n: 0}
    rules:
      - {on: often, set: {n: "=add(state.n, 1)"}, emit: {n: =state.n, kept: =event.kept_often}}
      - {on: seldom, emit: {n: =state.n, kept: =event.kept_seldom}}
      - when: =event.kept_for_all
        emit: {kind: any}
"""


def mapping(*, late: bool = False) -> CompiledMapping:
    document, diagnostics = load(MAPPING)
    compiled = compile_mapping(document.root.at("make"), ROOTS, Compiler(vocabulary_of(document), diagnostics, late=late))
    assert diagnostics.items == []
    return compiled


def held(word: str) -> int:
    """How many expressions are there that name something."""
    gc.collect()
    return sum(1 for it in gc.get_objects() if isinstance(it, Expression) and word in str(it.tree))


@pytest.mark.parametrize("late", [False, True])
def test_once_a_mapping_runs_as_generated_code_nothing_is_left_of_its_terms_and_closures(late: bool) -> None:
    made = mapping(late=late)
    for turn in range(OFTEN - 1):
        assert made.run({"body": {"kept_there": {"kept_here": turn}}}) == {"m": {"v": turn}}
    assert held("kept_") == 2
    made.run({})
    assert held("kept_") == 0
    assert made.run({"body": {"kept_there": {"kept_here": 1}}}) == {"m": {"v": 1}}


@pytest.mark.parametrize("runs", [0, 1, OFTEN])
def test_a_mapping_that_nobody_holds_is_gone_without_the_collector(runs: int) -> None:
    made = mapping()
    for _ in range(runs):
        made.run({})
    last = ref(made.runner)
    gc.disable()
    try:
        del made
        assert last() is None
    finally:
        gc.enable()


def test_who_asks_a_mapping_later_gets_what_was_there() -> None:
    made, other = mapping(), mapping(late=True)
    for _ in range(OFTEN):
        made.run({})
    assert (made.reads, made.handed) == (other.reads, other.handed)
    values = {"body": {"kept_there": {"kept_here": "x"}}}
    assert exactly(made.closures()(values)) == exactly(made.run(values))
    assert held("kept_here") == 1, "of the other"


def test_a_late_mapping_is_compiled_when_it_is_first_run_or_asked() -> None:
    made = mapping(late=True)
    assert held("kept_") == 0
    made.run({})
    assert held("kept_") == 2


def test_the_rules_of_a_file_stay_until_all_that_have_begun_are_generated_code() -> None:
    stream = Stream(RULES)
    stream.run({"type": "seldom"})
    for turn in range(OFTEN):
        assert stream.run({"type": "often", "kept_often": "x"}) == [{"n": turn + 1, "kept": "x"}]
    assert held("kept_often") > 0
    for _ in range(OFTEN):
        assert stream.run({"type": "seldom", "kept_seldom": "y"}) == [{"n": OFTEN, "kept": "y"}]
    stream.run({"type": "often"})
    assert held("kept_") == 0


def test_rules_that_begin_when_the_others_are_generated_are_compiled_again_in_their_places() -> None:
    stream = Stream(RULES)
    for _ in range(OFTEN):
        stream.run({"type": "often"})
    assert stream.run({"type": "seldom", "kept_seldom": "y", "kept_for_all": True}) == [
        {"n": OFTEN, "kept": "y"},
        {"kind": "any"},
    ]


def test_what_is_kept_is_compiled_again_only_for_those_who_need_it() -> None:
    compiled = []
    kept = Kept[object](lambda: compiled.append(1) or object())
    first = kept.get()
    assert kept.get() is first
    kept.begins()
    kept.begins()
    kept.ends()
    assert kept.get() is first
    kept.ends()
    assert kept.get() is not kept.get()
    kept.begins()
    again = kept.get()
    assert again is kept.get()
    assert len(compiled) == 4
