"""Which kinds of events an `emit` can make, as far as they are written out."""

from __future__ import annotations

from textwrap import dedent

import pytest
from ruamel.yaml import YAML
from torouter.language.emits import kinds_of

from .support import Stream

KNOWN = {
    "one event": ("{type: a}", {"a"}),
    "several": ("[{type: a}, {type: b}]", {"a", "b"}),
    "one of several": ("{$first: [{type: a}, {type: b}]}", {"a", "b"}),
    "one on a condition": ("{$when: =x, type: a}", {"a"}),
    "one for each": ("{$each: =x, $as: y, type: a}", {"a"}),
    "some below": ("{$let: {n: =x}, $value: [{type: a}, {$when: =n, type: b}]}", {"a", "b"}),
    "a case": ("{$switch: =x, $case: {one: {type: a}, two: {type: b}}, $else: {type: c}}", {"a", "b", "c"}),
    "merged, the last one wins": ("{$merge: [=x, {type: a}]}", {"a"}),
}
UNKNOWN = {
    "an expression": "=x",
    "a computed kind": "{type: =x}",
    "a kind out of a template": '{type: "{{ x }}"}',
    "a definition": "{$use: d}",
    "a table": "{$lookup: t, $of: =x}",
    "merged, something else wins": "{$merge: [{type: a}, =x]}",
    "merged, something may not be there": "{$merge: [=x, {$when: =y, type: a}]}",
    "one of several that is unknown": "[{type: a}, =x]",
    "no kind": "{text: =x}",
    "nothing": "null",
}


@pytest.mark.parametrize("emit, kinds", KNOWN.values(), ids=KNOWN)
def test_kinds_that_are_written_out_are_known(emit: str, kinds: set[str]):
    assert kinds_of(YAML(typ="safe", pure=True).load(emit)) == kinds


@pytest.mark.parametrize("emit", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_written_out_is_unknown(emit: str):
    assert kinds_of(YAML(typ="safe", pure=True).load(emit)) is None


RULES = """
dispatch: =event.kind
state: {seen: false}
rules:
  - on: text
    emit: {type: quiet, text: =event.text}
  - on: mixed
    emit: [{type: quiet}, {type: loud}]
  - on: noted
    set: {seen: true}
    emit: {type: quiet}
  - emit:
      $when: =event.both
      type: quiet
  - when: =event.usage
    emit: {type: loud}
"""


def loud(text: str, *events: dict[str, object]) -> list[object]:
    stream = Stream(dedent(text), quiet=frozenset({"quiet"}))
    assert stream.rules.loud is not None
    stream.rules = stream.rules.loud
    return stream.run(*events)


def test_rules_that_only_make_quiet_events_can_be_left_out():
    assert loud(RULES, {"kind": "text", "text": "a"}, {"kind": "other", "both": 1}) == []


def test_a_rule_that_makes_something_else_too_stays_whole():
    assert loud(RULES, {"kind": "mixed"}) == [{"type": "quiet"}, {"type": "loud"}]


def test_a_rule_that_remembers_something_stays():
    assert loud(RULES, {"kind": "noted"}) == [{"type": "quiet"}]


def test_rules_for_every_event_stay_for_those_whose_own_are_left_out():
    assert loud(RULES, {"kind": "text", "usage": 1}) == [{"type": "loud"}]


def test_where_the_first_rule_wins_one_that_is_left_out_still_wins():
    text = """
    match: first
    rules:
      - {when: =event.a, emit: {type: quiet}}
      - {when: =event.b, emit: {type: loud, text: second}}
    """
    assert loud(text, {"a": 1, "b": 1}, {"b": 1}) == [{"type": "loud", "text": "second"}]


def test_a_rule_that_wins_by_its_items_stays_where_the_first_wins():
    text = """
    match: first
    rules:
      - $each: =event.items
        $as: item
        emit: {type: quiet}
      - emit: {type: loud}
    """
    assert loud(text, {"items": [1]}, {"items": []}) == [{"type": "quiet"}, {"type": "loud"}]


def test_without_quiet_rules_there_is_nothing_to_leave_out():
    assert Stream("rules: [{emit: {type: loud}}]", quiet=frozenset({"quiet"})).rules.loud is None
