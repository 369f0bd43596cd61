"""Stream rules: what each event of a stream becomes, and what a stream remembers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics
from torouter.language.scope import Layout, Scope
from torouter.language.shape import Compiler
from torouter.language.stream import compile_rules
from torouter.language.words import Vocabulary

from .support import STREAM_ROOTS, Stream, stream_findings


def test_a_rule_emits_what_it_makes_of_an_event() -> None:
    stream = Stream("""
    rules:
      - emit:
          - {type: one, text: =event.text}
          - {type: two}
    """)
    assert stream.run({"text": "a"}, {"text": "b"}) == [
        {"type": "one", "text": "a"},
        {"type": "two"},
        {"type": "one", "text": "b"},
        {"type": "two"},
    ]


def test_emit_may_be_one_mapping() -> None:
    assert Stream("rules: [{emit: {text: =event.text}}]").run({"text": "a"}) == [{"text": "a"}]


def test_what_vanishes_is_not_emitted_and_lists_are_opened() -> None:
    stream = Stream("""
    rules:
      - emit:
          - $when: =event.text
            text: =event.text
          - $each: =event.items
            $as: item
            n: =item
          - =event.whole
    """)
    assert stream.run({}, {"text": "a", "items": [1, 2], "whole": {"w": 1}}) == [
        {"text": "a"}, {"n": 1}, {"n": 2}, {"w": 1},
    ]  # fmt: skip


def test_only_objects_are_emitted() -> None:
    stream = Stream("""
    rules:
      - emit: [=event.any]
    """)
    assert stream.run({"any": 1}, {"any": "text"}, {"any": [2, {"a": 1}, None]}, {"any": {"b": 1}}) == [
        {"a": 1}, {"b": 1},
    ]  # fmt: skip


# Which rules run.

ALL_OR_FIRST = """
match: {match}
rules:
  - when: =event.a
    emit: [{{rule: a}}]
  - when: =event.b
    emit: [{{rule: b}}]
  - emit: [{{rule: last}}]
"""


@pytest.mark.parametrize(
    ("match", "event", "rules"),
    [
        ("all", {"a": 1, "b": 1}, ["a", "b", "last"]),
        ("all", {"b": 1}, ["b", "last"]),
        ("first", {"a": 1, "b": 1}, ["a"]),
        ("first", {"b": 1}, ["b"]),
        ("first", {}, ["last"]),
    ],
)
def test_all_rules_that_fit_run_or_only_the_first(match: str, event: Any, rules: list[str]) -> None:
    assert [made["rule"] for made in Stream(ALL_OR_FIRST.format(match=match)).run(event)] == rules


DISPATCH = """
dispatch: =event.type
rules:
  - on: a
    emit: [{rule: a}]
  - emit: [{rule: every}]
  - on: [b, c, "1"]
    emit: [{rule: bc}]
"""


@pytest.mark.parametrize(
    ("label", "rules"),
    [
        ("a", ["a", "every"]),
        ("b", ["every", "bc"]),
        ("c", ["every", "bc"]),
        (1, ["every", "bc"]),
        ("unknown", ["every"]),
        (None, ["every"]),
        ([], ["every"]),
    ],
)
def test_dispatch_picks_rules_by_label_and_those_without_one_in_the_order_written(label: Any, rules: list[str]) -> None:
    assert [made["rule"] for made in Stream(DISPATCH).run({"type": label})] == rules


def test_a_rule_runs_once_per_item_and_counts_as_fitting_only_if_there_is_one() -> None:
    stream = Stream("""
    match: first
    rules:
      - $each: =event.items
        $as: item
        $where: =item != 2
        $let:
          double: [=item, =item]
        emit:
          - {at: =item_index, n: =double}
      - emit: [{rule: none}]
    """)
    assert stream.run({"items": [1, 2, 3]}) == [{"at": 0, "n": [1, 1]}, {"at": 2, "n": [3, 3]}]
    assert stream.run({"items": []}, {}) == [{"rule": "none"}, {"rule": "none"}]


def test_a_rule_condition_is_asked_before_its_items() -> None:
    stream = Stream("""
    rules:
      - when: =event.on
        $each: =event.items
        $as: item
        emit: [{n: =item}]
    """)
    assert stream.run({"items": [1]}, {"items": [2], "on": True}) == [{"n": 2}]


# State.


def test_state_starts_as_written_and_keeps_what_is_set() -> None:
    stream = Stream("""
    state: {count: none, seen: false}
    rules:
      - when: =event.n
        set: {count: =event.n, seen: true}
      - emit: [{count: =state.count, seen: =state.seen}]
    """)
    assert stream.run({}, {"n": 7}, {}) == [
        {"count": "none", "seen": False},
        {"count": 7, "seen": True},
        {"count": 7, "seen": True},
    ]


def test_what_a_rule_sets_is_known_to_what_it_emits_and_sets_after() -> None:
    stream = Stream("""
    state: {a: null, b: null}
    rules:
      - set:
          a: =event.n
          b: "{{ state.a }}!"
        emit: [{a: =state.a, b: =state.b}]
    """)
    assert stream.run({"n": 1}) == [{"a": 1, "b": "1!"}]


def test_what_is_set_per_item_is_set_before_the_next_item() -> None:
    stream = Stream("""
    state: {last: start}
    rules:
      - $each: =event.items
        $as: item
        $let:
          before: =state.last
        set: {last: =item}
        emit: [{before: =before, last: =state.last}]
    """)
    assert stream.run({"items": ["x", "y"]}) == [{"before": "start", "last": "x"}, {"before": "x", "last": "y"}]


def test_setting_nothing_forgets() -> None:
    stream = Stream("""
    state: {kept: 1}
    rules:
      - set: {kept: =event.missing}
        emit: [{kept: =state.kept, done: true}]
    """)
    assert stream.run({}) == [{"done": True}]


def test_the_end_of_the_source_is_part_of_the_state_without_being_declared() -> None:
    assert Stream("rules: [{emit: [{ended: =state.ended}]}]").run({}) == [{"ended": False}]


def test_two_streams_of_one_file_share_nothing() -> None:
    text = """
    state: {seen: []}
    rules:
      - set: {seen: "=joined(state.seen, as_list(event.n))"}
        emit: [{seen: =state.seen}]
    """
    one, other = Stream(text), Stream(text)
    assert one.run({"n": 1}, {"n": 2})[-1] == {"seen": [1, 2]}
    assert other.run({"n": 3}) == [{"seen": [3]}]


def test_rules_read_the_other_roots() -> None:
    stream = Stream("rules: [{emit: [{m: =request.model, t: =target.name, k: =memo.kept}]}]")
    made = stream.run({}, request={"model": "m"}, target={"name": "t"}, memo={"kept": 1})
    assert made == [{"m": "m", "t": "t", "k": 1}]


# What is refused.


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ("rules: [{emmit: [{a: 1}]}]", [("unknown-word", "emmit")]),
        ("rules: [{on: a, emit: [{a: 1}]}]", [("missing-partner", "on")]),
        ("rules:\n  - $each: =event.items\n    emit: [{a: 1}]", [("missing-partner", "$each")]),
        ("rules: [{set: {seen: true}}]", [("unknown-state", "seen")]),
        ("state: {sen: 1}\nrules: [{emit: [{a: =state.seen}]}]", [("unknown-state", "seen")]),
        ("rules: [{when: event.a, emit: [{a: 1}]}]", [("expression-required", "event.a")]),
        ("dispatch: event.type\nrules: [{on: a, emit: [{a: 1}]}]", [("expression-required", "event.type")]),
        ("rules: [{emit: [{a: =evnt.a}]}]", [("unknown-root", "evnt")]),
        ("rules:\n  - emit:\n      - $value: 1\n        a: 1", [("two-bodies", "a")]),
    ],
)
def test_what_is_wrong_with_a_rule_is_reported_where_it_stands(rules: str, found: list[tuple[str, str]]) -> None:
    assert stream_findings(rules) == found


def test_a_state_name_that_is_almost_right_comes_with_the_one_that_was_meant() -> None:
    stream = Stream("state: {finished: false}\nrules: [{set: {finishd: true}}]")
    assert [item.help for item in stream.diagnostics.items] == ['did you mean "finished"?']


# Laws.

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "a", "b", "items"]), inner),
    max_leaves=8,
)

ANY = """
dispatch: =event.type
state: {last: null}
rules:
  - on: a
    $each: =event.items
    $as: item
    set: {last: =item}
    emit: [{a: =item, t: "{{ item }}"}]
  - when: =event.b.a
    emit: [=event.b]
  - emit: [{last: =state.last, all: =event}]
"""


@given(st.lists(_JSON, max_size=4))
def test_any_events_give_the_same_twice_and_are_left_alone(events: list[Any]) -> None:
    before = json.dumps(events)
    assert Stream(ANY).run(*events) == Stream(ANY).run(*events)
    assert json.dumps(events) == before


_RULE = st.dictionaries(
    st.sampled_from(["on", "when", "$each", "$as", "$where", "$let", "set", "emit", "else"]),
    st.sampled_from(["a", "=event.a", "=event.", 1, None]) | st.just([{"a": "=event.a"}]) | st.just({"a": "=event.a"}),
    max_size=5,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_RULE, max_size=3) | _RULE, st.sampled_from(["=event.a", "a", None, [1]]))
def test_whatever_is_written_is_compiled_or_reported(rules: Any, dispatch: Any) -> None:
    diagnostics = Diagnostics()
    text = json.dumps({"dispatch": dispatch, "rules": rules})
    document = load_document(text, "wild.yaml", "user", diagnostics)
    assert document is not None
    layout = Layout()
    scope = Scope.of_roots(layout, STREAM_ROOTS)
    compiled = compile_rules(document.root, scope, Compiler(Vocabulary(), diagnostics))
    frame: list[Any] = [None] * layout.size
    frame[scope.slots["event"]], frame[scope.slots["state"]] = {"a": [1]}, {}
    assert isinstance(compiled.run(frame), list)
