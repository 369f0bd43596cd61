"""Shapes: a file looks like the document it makes, and whatever is wrong with it shows before anything runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics
from torouter.language.mapping import compile_mapping
from torouter.language.shape import Compiler
from torouter.language.words import Vocabulary

from .support import ROOTS, compile_text, findings, make, reads_of

BODY: dict[str, Any] = {
    "name": "N",
    "zero": 0,
    "text": "",
    "flag": False,
    "list": [1, 2, 3],
    "empty": [],
    "object": {},
    "mixed": [1, None, 3],
    "items": [{"kind": "a", "n": 1}, {"kind": "b", "n": None}, {"kind": "a", "n": 3}],
}


def made(text: str) -> Any:
    """Make the shape written under `make:` from BODY."""
    return make(text, body=BODY)


# What stays and what vanishes.


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ("text", "text"),
        ("1", 1),
        ("true", True),
        ("''", ""),
        ("{}", {}),
        ("[]", []),
        ("{a: {}}", {"a": {}}),
        ("{a: []}", {"a": []}),
        ("{a: null}", {"a": None}),
        ("[null, 1]", [None, 1]),
        ("[[], {}]", [[], {}]),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_what_is_written_out_is_made_as_it_is(shape: str, value: Any) -> None:
    assert made(f"make: {shape}") == value


def test_a_member_whose_expression_gives_null_is_left_out() -> None:
    assert made("make: {a: =body.name, b: =body.missing}") == {"a": "N"}
    assert made("make: {b: =null, a: =body.name}") == {"a": "N"}


def test_false_zero_and_empty_values_stay() -> None:
    shape = "make: {a: =body.zero, b: =body.text, c: =body.flag, d: =body.empty, e: =body.object}"
    assert made(shape) == {"a": 0, "b": "", "c": False, "d": [], "e": {}}


def test_a_mapping_whose_members_all_vanish_vanishes() -> None:
    assert made("make: {a: 1, b: {c: =body.missing, d: {e: =body.missing}}}") == {"a": 1}


def test_a_list_whose_entries_all_vanish_vanishes() -> None:
    assert made("make: {a: 1, b: [=body.missing, {c: =body.missing}]}") == {"a": 1}


def test_entries_that_are_null_vanish_from_a_list() -> None:
    assert made("make: [=body.name, =body.missing, 2]") == ["N", 2]


def test_a_list_inside_a_list_stays_a_list() -> None:
    assert made("make: [0, =body.list]") == [0, [1, 2, 3]]


def test_named_nulls_stay() -> None:
    shape = """
    make:
      $nulls: [b]
      a: 1
      b: =body.missing
      c: =body.missing
    """
    assert made(shape) == {"a": 1, "b": None}


def test_members_stand_in_the_order_they_are_written() -> None:
    assert list(made("make: {b: 1, a: 2, c: 3}")) == ["b", "a", "c"]


# Lists.


def test_each_makes_one_entry_per_item() -> None:
    shape = """
    make:
      $each: =body.items
      $as: item
      kind: =item.kind
      at: =item_index
    """
    assert made(shape) == [{"kind": "a", "at": 0}, {"kind": "b", "at": 1}, {"kind": "a", "at": 2}]


def test_where_chooses_items_and_keeps_their_index() -> None:
    shape = """
    make:
      $each: =body.items
      $as: item
      $where: =item.kind == 'a'
      at: =item_index
    """
    assert made(shape) == [{"at": 0}, {"at": 2}]


@pytest.mark.parametrize("source", ["body.missing", "body.empty", "body.name", "body.object", "body.zero"])
def test_each_over_anything_without_items_vanishes(source: str) -> None:
    assert made(f"""
    make:
      a: 1
      b:
        $each: ={source}
        $as: item
        x: 1
    """) == {"a": 1}


def test_items_that_make_nothing_are_left_out() -> None:
    shape = """
    make:
      $each: =body.items
      $as: item
      $value: =item.n
    """
    assert made(shape) == [1, 3]


def test_a_written_null_is_an_entry() -> None:
    shape = """
    make:
      $each: =body.list
      $as: item
      $value: null
    """
    assert made(shape) == [None, None, None]


def test_each_in_a_list_is_opened_into_it() -> None:
    shape = """
    make:
      - first
      - $each: =body.list
        $as: item
        $value: =item
      - last
    """
    assert made(shape) == ["first", 1, 2, 3, "last"]


def test_an_each_inside_an_each_is_opened_only_where_it_says_splice() -> None:
    nested = """
    make:
      $each: =body.list
      $as: outer
      {word}:
        $each: =body.list
        $as: inner
        $where: =inner < outer
        $value: =inner
    """
    assert made(nested.format(word="$value")) == [1, 1, 2]
    assert made(nested.format(word="row")) == [{"row": [1]}, {"row": [1, 2]}]


def test_splice_opens_a_list_into_the_list_around_it() -> None:
    assert made("""
    make:
      - 0
      - $splice: =body.list
      - $splice: =body.missing
    """) == [0, 1, 2, 3]


def test_splice_of_what_is_no_list_is_one_entry() -> None:
    assert made("""
    make:
      - $splice: =body.name
    """) == ["N"]


def test_a_definition_that_makes_a_list_is_opened_like_what_it_stands_for() -> None:
    shape = """
    define:
      all:
        args: [items]
        make:
          $each: =items
          $as: item
          $value: =item
    make:
      - 0
      - $use: all
        $with:
          items: =body.list
    """
    assert made(shape) == [0, 1, 2, 3]


# Conditions, choices, names.


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("body.name", True),
        ("body.zero", True),
        ("body.text", False),
        ("body.empty", False),
        ("body.object", False),
        ("body.missing", False),
        ("body.flag", False),
        ("!(body.flag)", True),
        ("body.zero == 0", True),
    ],
)
def test_when_keeps_a_mapping_only_if_its_condition_holds(condition: str, holds: bool) -> None:
    shape = f"""
    make:
      kept: true
      b:
        $when: ={condition}
        x: 1
    """
    assert made(shape) == ({"kept": True, "b": {"x": 1}} if holds else {"kept": True})


def test_names_are_bound_one_after_the_other() -> None:
    shape = """
    make:
      $let:
        one: =body.list[0]
        two: "{{ one }}+{{ one }}"
      a: =one
      b: =two
    """
    assert made(shape) == {"a": 1, "b": "1+1"}


def test_names_are_known_to_the_condition_and_items_to_the_names() -> None:
    shape = """
    make:
      $each: =body.items
      $as: item
      $let: {n: =item.n}
      $when: =n == 3
      $value: =item.kind
    """
    assert made(shape.replace("{n: =item.n}", "\n        n: =item.n")) == ["a"]


def test_a_name_is_known_only_inside_its_mapping() -> None:
    shape = """
    make:
      a:
        $let:
          inner: 1
        x: =inner
      b: =inner
    """
    assert findings(shape) == [("unknown-root", "inner")]


def test_an_inner_name_hides_an_outer_one_only_inside() -> None:
    shape = """
    make:
      $let:
        x: outer
      a:
        $let:
          x: inner
        v: =x
      b: =x
    """
    assert made(shape) == {"a": {"v": "inner"}, "b": "outer"}


SWITCH = """
make:
  $switch: =body.{member}
  $case:
    N: is N
    0 | 1: is a number
    "false": is false
    "null": is null
    '[1,2,3]': is the list
  {otherwise}
"""


@pytest.mark.parametrize(
    ("member", "value"),
    [("name", "is N"), ("zero", "is a number"), ("flag", "is false"), ("missing", "is null"), ("list", "is the list")],
)
def test_switch_runs_the_case_that_the_value_names(member: str, value: str) -> None:
    assert made(SWITCH.format(member=member, otherwise="")) == value


def test_switch_without_a_fitting_case_gives_its_else_or_nothing() -> None:
    assert made(SWITCH.format(member="text", otherwise="$else: other")) == "other"
    assert made(SWITCH.format(member="text", otherwise="")) is None


TABLE = """
tables:
  colours: {{red: rot, "1": eins, none: null, deep: {{a: 1}}}}
make:
  a: 1
  b:
    $lookup: colours
    $of: {of}
    {otherwise}
"""


@pytest.mark.parametrize(
    ("of", "otherwise", "value"),
    [
        ("='red'", "", "rot"),
        ("=body.list[0]", "", "eins"),
        ("='deep'", "", {"a": 1}),
        ("='blue'", "", None),
        ("='blue'", "$else: grau", "grau"),
        ("='blue'", "$else: =body.name", "N"),
        ("=body.missing", "$else: grau", None),
        ("='none'", "$else: grau", None),
    ],
)
def test_lookup_gives_what_the_table_says(of: str, otherwise: str, value: Any) -> None:
    wanted = {"a": 1} if value is None else {"a": 1, "b": value}
    assert made(TABLE.format(of=of, otherwise=otherwise)) == wanted


def test_merge_lets_later_objects_win_and_passes_over_nothing() -> None:
    shape = """
    make:
      $merge:
        - {a: 1, b: 1}
        - =body.missing
        - {b: 2, c: =body.missing}
        - =body.name
    """
    assert made(shape) == {"a": 1, "b": 2}


def test_a_merge_of_nothing_vanishes() -> None:
    assert made("""
    make:
      a: 1
      b:
        $merge: [=body.missing, =body.object]
    """) == {"a": 1}


@pytest.mark.parametrize(
    ("choices", "value"),
    [
        ("[=body.missing, =body.text, =body.empty, =body.object, =body.name]", "N"),
        ("[=body.zero, 1]", 0),
        ("[=body.flag, 1]", False),
        ("[=body.missing, []]", []),
        ("[=body.missing, {}]", {}),
        ("[=body.missing, '']", ""),
        ("[=body.missing, =body.text]", None),
    ],
)
def test_first_gives_the_first_value_that_is_not_empty_or_is_written_out(choices: str, value: Any) -> None:
    wanted = {"k": 1} if value is None else {"k": 1, "v": value}
    assert made(f"make:\n  k: 1\n  v:\n    $first: {choices}") == wanted


# Definitions.

DEFINED = """
define:
  pair:
    args: [left, right]
    make:
      l: =left
      r: =right
      t: =target.model
make:
  $use: pair
  $with:
    left: =body.name
    right: {x: =body.zero}
"""


def test_a_definition_makes_its_shape_from_its_arguments() -> None:
    assert make(DEFINED, body=BODY, target={"model": "m"}) == {"l": "N", "r": {"x": 0}, "t": "m"}


def test_a_definition_sees_its_arguments_and_no_name_of_its_user() -> None:
    shape = """
    define:
      leak:
        make: =body.name
    make:
      $use: leak
    """
    assert findings(shape) == [("unknown-root", "body")]


def test_definitions_use_definitions() -> None:
    shape = """
    define:
      outer:
        args: [x]
        make:
          $use: inner
          $with:
            y: =x.name
      inner:
        args: [y]
        make: "<{{ y }}>"
    make:
      $use: outer
      $with:
        x: =body
    """
    assert made(shape) == "<N>"


def test_a_definition_used_twice_keeps_its_values_apart() -> None:
    shape = """
    define:
      box:
        args: [x]
        make:
          $let:
            kept: =x
          v: =kept
    make:
      a:
        $use: box
        $with: {x: 1}
      b:
        $use: box
        $with: {x: 2}
    """.replace("$with: {x: 1}", "$with:\n          x: 1").replace("$with: {x: 2}", "$with:\n          x: 2")
    assert made(shape) == {"a": {"v": 1}, "b": {"v": 2}}


# What is refused.


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ("make:\n  $eech: =body.list", [("unknown-word", "$eech")]),
        ("make:\n  $as: x\n  a: 1", [("missing-partner", "$as")]),
        ("make:\n  $where: =body\n  a: 1", [("missing-partner", "$where")]),
        ("make:\n  $each: =body.list\n  a: 1", [("missing-partner", "$each")]),
        ("make:\n  $with:\n    a: 1", [("missing-partner", "$with")]),
        ("make:\n  $case:\n    a: 1", [("missing-partner", "$case")]),
        ("make:\n  $of: =body\n", [("missing-partner", "$of")]),
        ("make:\n  $else: 1\n  a: 1", [("missing-partner", "$else")]),
        ("make:\n  $switch: =body.name", [("missing-partner", "$switch")]),
        ("tables:\n  t: {a: b}\nmake:\n  $lookup: t", [("missing-partner", "$lookup")]),
        ("make:\n  $nulls: [b]\n  a: 1", [("missing-partner", "[")]),
        ("make:\n  $value: 1\n  $first: [1]", [("two-bodies", "$first")]),
        ("make:\n  $value: 1\n  a: 1", [("two-bodies", "a")]),
        ("make:\n  $switch: =body.name\n  $case:\n    a|b: 1\n    b: 2", [("two-bodies", "b")]),
        ("make:\n  '{{ body.name }}': 1", [("computed-name", "'{{ body.name }}'")]),
        ("make:\n  $merge:\n    - $each: =body.list\n      $as: it\n      a: =it", [("wrong-type", "$")]),
        ("make:\n  $merge:\n    - [=body.name]", [("wrong-type", "[")]),
        ("make:\n  $when: body.name\n  a: 1", [("expression-required", "body.name")]),
        ("make:\n  $nulls: [7]\n  a: 1", [("wrong-type", "7")]),
        ("tables:\n  t: {a: 1}\nmake:\n  $lookup: t\n  $of: name", [("expression-required", "name")]),
        ("make:\n  $each: [1, 2]\n  $as: x\n  a: 1", [("expression-required", "[")]),
        ("make:\n  $switch: name\n  $case:\n    a: 1", [("expression-required", "name")]),
        ("make:\n  $merge: {a: 1}", [("wrong-type", "{")]),
        ("make:\n  $let: =body\n  a: 1", [("wrong-type", "=body")]),
        ("make:\n  $use: nothing", [("unknown-definition", "nothing")]),
        ("make:\n  $lookup: nothing\n  $of: =body", [("unknown-table", "nothing")]),
        ("make:\n  a: =bdy.name", [("unknown-root", "bdy")]),
        ("make:\n  a: =body.name ==", [("expression-syntax", "=")]),
        ("make:\n  a: =lowr(body.name)", [("unknown-function", "lowr")]),
        ("make:\n  a: =lower(body, body)", [("wrong-arity", "lower")]),
        ("make:\n  a: =!body.a.b", [("negated-path", "!")]),
        ("make:\n  a: '{{ bdy.name }}'", [("unknown-root", "'{{ bdy.name }}'")]),
    ],
)
def test_what_is_wrong_is_reported_where_it_stands(shape: str, found: list[tuple[str, str]]) -> None:
    assert findings(shape) == found


@pytest.mark.parametrize(
    ("use", "found"),
    [
        ("$use: pair\n  $with:\n    left: 1\n    right: 2\n    up: 3", [("unknown-argument", "up")]),
        ("$use: pair\n  $with:\n    left: 1", [("missing-argument", "pair")]),
        ("$use: self", [("recursive-definition", "self")]),
        ("$use: par", [("unknown-definition", "par")]),
    ],
)
def test_a_wrong_use_of_a_definition_is_reported(use: str, found: list[tuple[str, str]]) -> None:
    defined = """define:
  pair:
    args: [left, right]
    make: {l: =left, r: =right}
  self:
    make:
      a:
        $use: self
make:
  """
    assert findings(defined + use) == found


def test_a_mistake_in_a_definition_is_reported_once_however_often_it_is_used() -> None:
    shape = """
    define:
      wrong:
        make: =bdy
    make:
      a:
        $use: wrong
      b:
        $use: wrong
    """
    assert findings(shape) == [("unknown-root", "bdy")]


def test_every_mistake_is_reported_not_only_the_first() -> None:
    assert findings("make:\n  a: =x\n  b: =y\n  $c: 1") == [
        ("unknown-root", "x"),
        ("unknown-root", "y"),
        ("unknown-word", "$c"),
    ]


@pytest.mark.parametrize(
    ("shape", "help_text"),
    [
        ("make:\n  $eech: =body.list", 'did you mean "$each"?'),
        ("make: =bdy.name", 'did you mean "body"?'),
        ("make: =lowr(body.name)", 'did you mean "lower"?'),
        ("tables:\n  colours: {a: b}\nmake:\n  $lookup: colors\n  $of: =body", 'did you mean "colours"?'),
    ],
)
def test_a_misspelt_name_comes_with_the_one_that_was_meant(shape: str, help_text: str) -> None:
    assert [item.help for item in compile_text(shape)[1].items] == [help_text]


# What a shape reads.


@pytest.mark.parametrize(
    ("shape", "reads"),
    [
        ("make: {a: =request.model, b: 1}", {"request.model"}),
        ("make:\n  $when: =request.stop\n  a: 1", {"request.stop.?"}),
        ("make:\n  $each: =request.stop\n  $as: s\n  $value: =s", {"request.stop.*"}),
        ("make:\n  $let:\n    s: =request.sampling\n  a: =s.seed", {"request.sampling.seed"}),
        ("make:\n  $let:\n    s: =request.sampling\n  a: 1", set()),
        ("make: '{{ request.user_id }}'", {"request.user_id"}),
        ("make: =request.turns[?role=='user'].name", {"request.turns.*.role", "request.turns.*.name"}),
        ("make: =not_null(request.model, request.user_id)", {"request.model", "request.user_id"}),
        ("make:\n  $first: [=request.model, =request.user_id]", {"request.model", "request.user_id"}),
    ],
)
def test_a_shape_knows_what_it_reads(shape: str, reads: set[str]) -> None:
    assert {".".join(path) for path in reads_of(shape)} == reads


PER_KIND = """
make:
  $each: =request.parts
  $as: part
  {words}
"""


@pytest.mark.parametrize(
    ("words", "reads"),
    [
        ("$switch: =part.kind\n  $case:\n    a|b:\n      t: =part.text", {":a.text", ":b.text"}),
        ("$where: =part.kind == 'a'\n  t: =part.text", {":a.text"}),
        ("$when: =part.kind == 'a'\n  t: =part.text", {":a.text"}),
        ("$when: =part.kind == 'a' && part.id\n  t: =part.text", {":a.text"}),
        ("$when: =part.kind == 'a' || part.kind == 'b'\n  t: =part.text", {":a.text", ":b.text"}),
        ("$when: =part.kind == 'a' || part.id\n  t: =part.text", {"text"}),
        ("$when: =part.kind != 'a'\n  t: =part.text", {"text"}),
    ],
)
def test_a_condition_on_the_kind_narrows_what_is_read(words: str, reads: set[str]) -> None:
    found = reads_of(PER_KIND.format(words=words))
    assert {".".join(path[3:]) for path in found if "text" in path} == reads


@pytest.mark.parametrize(
    "shape",
    [
        "=request.parts[?kind=='a'].text",
        "=request.parts[?kind=='a'] | [0].text",
        "\n  $each: =request.parts[?kind=='a']\n  $as: part\n  $value: =part.text",
        "\n  $let:\n    found: =request.parts[?kind=='a']\n  $value: =found[*].text",
    ],
)
def test_a_filter_on_the_kind_narrows_what_is_read(shape: str) -> None:
    assert {".".join(path) for path in reads_of(f"make: {shape}")} == {"request.parts.*.kind", "request.parts.*.:a.text"}


def test_a_filtered_list_that_is_used_whole_reads_its_items_whole() -> None:
    assert {".".join(path) for path in reads_of("make: =request.parts[?kind=='a']")} == {
        "request.parts.*.kind",
        "request.parts.*.:a",
    }


# Laws.

_CONSTANTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc =", max_size=5).filter(lambda t: not t.startswith("=")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(_CONSTANTS)
def test_a_shape_of_constants_gives_the_constants(value: Any) -> None:
    assert make(f'{{"make": {json.dumps(value)}}}') == value


@given(st.text(), st.sampled_from(["=body.text", "'{{ body.text }}'", "\n  $value: =body.text"]))
@example("{{ 7 * 7 }}", "'{{ body.text }}'")
@example("=body.secret", "=body.text")
@example("$use", "=body.text")
def test_what_stands_in_the_data_is_never_evaluated(text: str, shape: str) -> None:
    assert make(f"make: {shape}", body={"text": text, "secret": "s"}) == text


@given(_CONSTANTS)
def test_running_twice_gives_the_same_and_leaves_the_data_alone(value: Any) -> None:
    mapping, _ = compile_text("""
    make:
      $each: =body.items
      $as: item
      $let:
        copy: =item
      v: =copy
      all: [=copy, =item_index]
    """)
    body = {"items": [value, value]}
    before = json.dumps(body)
    first = mapping.run({"body": body})
    assert mapping.run({"body": body}) == first
    assert json.dumps(body) == before


_WORDS = st.sampled_from([
    "$each", "$as", "$where", "$let", "$when", "$use", "$with", "$switch", "$case", "$else", "$lookup", "$of",
    "$merge", "$first", "$value", "$splice", "$nulls", "$unknown", "a", "a|b",
])  # fmt: skip
_PIECES = st.sampled_from([
    "=", "=body.a", "=body[", "=body.a[?b=='c']", "=f(body)", "=`1", "{{", "{{ body.a }}", "{% if body %}", "x", "=@",
    "=!body.a", "=body || 1", "={a: body}", "=lower(", "{{ body.a | lower }}", "{{ 1.5 }}", "{{ body['a'] }}",
])  # fmt: skip
_WILD = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | _PIECES | st.text("={}[]|&!.`'\"$ab1%", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=14,
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=400)
@given(_WILD)
def test_whatever_is_written_is_compiled_or_reported_and_what_compiles_runs(data: Any) -> None:
    diagnostics = Diagnostics()
    document = load_document(json.dumps({"make": data}), "wild.yaml", "user", diagnostics)
    if document is None:
        assert diagnostics.failed
        return
    mapping = compile_mapping(document.root.at("make"), ROOTS, Compiler(Vocabulary(), diagnostics))
    mapping.run({"body": {"a": [{"b": "c"}]}})
    assert all(item.span is not None for item in diagnostics.items)
