"""Origins: a run of a mapping that was compiled with them also tells where each value is written."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from torouter.language.mapping import compile_mapping
from torouter.language.origins import Origins
from torouter.language.shape import Compiler
from torouter.language.terms import Expression, Object
from torouter.language.tiers import OFTEN

from .support import ROOTS, load, make, vocabulary_of


def traced(text: str, **values: Any) -> tuple[Any, dict[str, int]]:
    """Run a mapping: what it makes, and the line of each value by its path."""
    document, diagnostics = load(dedent(text))
    origins = Origins()
    compiler = Compiler(vocabulary_of(document), diagnostics, origins=origins)
    mapping = compile_mapping(document.root.at("make"), ROOTS, compiler)
    assert not diagnostics.failed
    made = mapping.run(values)
    return made, {".".join(map(str, path)): where.span().line for path, where in origins.of(made)}


def lines(text: str, **values: Any) -> dict[str, int]:
    """The line of each value by its path."""
    return traced(text, **values)[1]


def test_a_member_stands_where_its_value_is_written() -> None:
    text = """
        make:
          name: =body.name
          kind: chat
          said: "{{ body.name }}!"
          inner:
            deep: 1
    """
    assert lines(text, body={"name": "a"}) == {"name": 3, "kind": 4, "said": 5, "inner.deep": 7}


def test_what_comes_in_whole_is_one_value() -> None:
    assert lines("make:\n  all: =body\n", body={"a": {"b": [1, 2]}}) == {"all": 2}


def test_what_vanishes_has_no_place() -> None:
    assert lines("make:\n  a: =body.none\n  b:\n    c: =body.none\n  d: 1\n", body={}) == {"d": 5}


def test_a_null_that_is_kept_stands_where_its_member_is_written() -> None:
    assert lines("make:\n  $nulls: [b]\n  a: null\n  b: =body.none\n", body={}) == {"a": 3, "b": 4}


def test_each_entry_of_a_loop_stands_where_its_body_is_written() -> None:
    text = """
        make:
          all:
            - first
            - $each: =body.items
              $as: item
              $where: =item.n > 1
              number: =item.n
            - $splice: =body.more
            - last: 1
    """
    body = {"items": [{"n": 1}, {"n": 2}, {"n": 3}], "more": ["x", "y"]}
    assert lines(text, body=body) == {"all.0": 4, "all.1.number": 8, "all.2.number": 8, "all.3": 9, "all.4": 9, "all.5.last": 10}


def test_a_choice_stands_where_the_chosen_one_is_written() -> None:
    text = """
        make:
          first:
            $first:
              - =body.none
              - nobody
          switch:
            $switch: =body.kind
            $case:
              a: 1
              b: 2
            $else: 3
          guarded:
            $let:
              x: =body.kind
            $when: =body.kind
            $value: =x
    """
    assert lines(text, body={"kind": "b"}) == {"first": 6, "switch": 11, "guarded": 17}


def test_a_table_stands_where_it_is_asked_and_its_default_where_that_is_written() -> None:
    text = """
        tables:
          t: {a: b}
        make:
          found:
            $lookup: t
            $of: =body.known
            $else: x
          other:
            $lookup: t
            $of: =body.unknown
            $else: x
    """
    assert lines(text, body={"known": "a", "unknown": "z"}) == {"found": 6, "other": 12}


def test_merged_members_stand_where_the_winner_is_written() -> None:
    text = """
        make:
          $merge:
            - a: 1
              b: 1
            - =body
            - b: 2
    """
    assert lines(text, body={"c": 3}) == {"a": 4, "b": 7, "c": 6}


def test_a_definition_stands_where_it_is_defined() -> None:
    text = """
        define:
          pair:
            args: [x]
            make:
              left: =x
              right: 1
        make:
          one:
            $use: pair
            $with: {x: =body.a}
    """
    assert lines(text, body={"a": 5}) == {"one.left": 6, "one.right": 7}


def test_what_a_name_holds_keeps_its_places() -> None:
    text = """
        make:
          $let:
            held:
              a: 1
              b: 2
          kept: =held
          copied: =omit(held, 'b')
    """
    assert lines(text) == {"kept.a": 5, "kept.b": 6, "copied": 8}


def test_nothing_of_an_earlier_run_is_left_after_clearing() -> None:
    document, diagnostics = load("make:\n  a: 1\n")
    origins = Origins()
    mapping = compile_mapping(document.root.at("make"), ROOTS, Compiler(vocabulary_of(document), diagnostics, origins=origins))
    made = mapping.run({})
    origins.clear()
    assert list(origins.of(made)) == []


def test_members_that_no_mapping_made_have_no_place() -> None:
    document, diagnostics = load("make:\n  a: 1\n")
    origins = Origins()
    mapping = compile_mapping(document.root.at("make"), ROOTS, Compiler(vocabulary_of(document), diagnostics, origins=origins))
    assert [path for path, _ in origins.of({"kept": 2, **mapping.run({})})] == [("a",)]


def test_a_plain_run_pays_nothing() -> None:
    document, diagnostics = load("make:\n  a: =body.c\n")
    plain = compile_mapping(document.root.at("make"), ROOTS, Compiler(vocabulary_of(document), diagnostics))
    assert isinstance(plain.body, Object)
    assert [type(member) for _, member, _ in plain.body.members] == [Expression]


def test_what_is_noted_runs_as_closures_however_often() -> None:
    document, diagnostics = load("make:\n  a: =body.c\n")
    noted = Compiler(vocabulary_of(document), diagnostics, origins=Origins())
    mapping = compile_mapping(document.root.at("make"), ROOTS, noted)
    assert mapping.source() is None
    assert [mapping.run({"body": {"c": turn}}) for turn in range(2 * OFTEN)] == [
        {"a": turn} for turn in range(2 * OFTEN)
    ]


@pytest.mark.parametrize("value", ["1", "text", "=body.a", "[]", "{}", "[=body.none]"])
def test_the_value_is_that_of_a_plain_run(value: str) -> None:
    text = f"make:\n  a: {value}\n  b: 1\n"
    assert traced(text, body={"a": [1]})[0] == make(text, body={"a": [1]})
