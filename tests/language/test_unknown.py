"""What rules make of a value that is not known holds for every value in its place; else they look, and fail."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from torouter.language.functions import LIBRARY
from torouter.language.unknown import Joined, Looked, Unknown, is_unknown, joined, pieces_of

from .support import run_expression

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    ["a", "null", "1", "{}", "[]", "[1]", "data:text/plain;base64,QQ==", "2026-01-01", "model", "https://host/a.png"]
)
HOLE = object()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS | st.just(HOLE),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "a", "key"]), inner, max_size=3)
    ),
    max_leaves=6,
)
HOLES = (
    st.just(HOLE)
    | st.lists(st.just(HOLE) | TEXTS, min_size=1, max_size=2)
    | st.fixed_dictionaries({"text": st.just(HOLE)})
)


def with_holes(value: Any, filling: Any) -> Any:
    """A value with something where its holes are."""
    if value is HOLE:
        return filling
    if isinstance(value, dict):
        return {name: with_holes(member, filling) for name, member in value.items()}
    return [with_holes(item, filling) for item in value] if isinstance(value, list) else value


def told(value: Any, text: str) -> Any:
    """A result once it is known what the unknown was."""
    if is_unknown(value):
        return "".join(text if is_unknown(piece) else piece for piece in pieces_of(value))
    if type(value) is dict:
        return {name: told(member, text) for name, member in value.items()}
    return [told(item, text) for item in value] if type(value) is list else value


@pytest.mark.parametrize("name", sorted(LIBRARY))
@given(data=st.data())
def test_what_a_function_makes_of_an_unknown_text_holds_for_any_text(name: str, data: st.DataObject) -> None:
    function = LIBRARY[name]
    most = function.least + 1 if function.most is None else function.most
    arguments = data.draw(st.lists(JSON, min_size=max(function.least, 1), max_size=most))
    arguments[data.draw(st.integers(0, len(arguments) - 1))] = data.draw(HOLES)
    try:
        made = function.run(*with_holes(arguments, Unknown(filled=True)))
    except Exception:  # it looked, in whatever way
        return
    text = data.draw(TEXTS)
    assert told(made, text) == function.run(*with_holes(arguments, text))


COPIES = ["body.a", "text_only(body.a)", "not_null(body.none, body.a)", "first_of(body.a, 'x')", "body.a || 'x'",
          "[body.a][0]", "{a: body.a}.a", "body.list[?!(thought)].text | [0]", "non_empty(body.a)"]  # fmt: skip
LOOKS = ["body.a == 'x'", "'x' == body.a", "body.a != body.b", "body.a < 'b'", "count(body.a)", "lower(body.a)",
         "has('abc', body.a)", "has(body.a, 'b')", "has(body.words, body.a)", "matches(body.a, 'b')", "cut(body.a, 1)",
         "to_number(body.a)", "json_text(body.a)", "whole(body.a)", "json_value(body.a)", "concat('x', body.n)",
         "to_string(body.n)", "body.n > 1", "add(body.n, 1)", "body.n || 1", "non_empty(body.n)", "is_text(body.n)", "number_only(body.n)",
         "join_text(', ', [body.a, body.b])"]  # fmt: skip


def document(text: Any, number: Any) -> dict[str, Any]:
    return {"body": {"a": text, "b": "b", "n": number, "words": ["a"], "list": [{"text": text}]}}


@pytest.mark.parametrize("expression", COPIES)
def test_what_is_handed_on_is_the_unknown_itself(expression: str) -> None:
    unknown = Unknown(filled=True)
    assert run_expression(expression, **document(unknown, 1)) is unknown


@pytest.mark.parametrize("expression", LOOKS)
def test_whoever_looks_closer_fails(expression: str) -> None:
    with pytest.raises((Looked, TypeError)):
        run_expression(expression, **document(Unknown(filled=True), Unknown(None)))


def test_a_text_that_may_be_empty_is_no_condition() -> None:
    assert run_expression("body.a && `1`", **document(Unknown(filled=True), 1)) == 1
    with pytest.raises(Looked):
        run_expression("body.a && `1`", **document(Unknown(), 1))


def test_joined_texts_know_their_pieces() -> None:
    one, two = Unknown(), Unknown(filled=True)
    whole = joined("", ["a", joined("", [one, two])])
    assert isinstance(whole, str) and type(whole) is Joined
    first, second, third = pieces_of(whole)
    assert (first, second is one, third is two) == ("a", True, True)
    assert joined(", ", [one]) is one


def test_joined_texts_are_filled_if_one_of_them_is() -> None:
    assert joined("", ["a", Unknown()])
    assert joined("", [Unknown(), Unknown(filled=True)])
    with pytest.raises(Looked):
        bool(joined("", ["", Unknown()]))
