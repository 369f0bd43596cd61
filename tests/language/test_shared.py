"""Expressions that are compiled once for each set of places of their roots."""

from __future__ import annotations

from weakref import ref

import pytest
from torouter.language.expressions import ExpressionError
from torouter.language.shared import compile_once, parse_once


def test_where_its_roots_have_the_same_places_an_expression_is_the_same_function():
    one = compile_once("body.a || other", {"body": 0, "other": 2, "more": 1})
    assert compile_once("body.a || other", {"other": 2, "body": 0}) is one


def test_elsewhere_it_is_another_one_that_reads_there():
    compile_once("body.a", {"body": 0})
    assert compile_once("body.a", {"body": 1}).run([{"a": 1}, {"a": 2}]) == 2


@pytest.mark.parametrize(
    "text, code",
    [("nobody.a", "unknown-root"), ("no_such(body)", "unknown-function"), ("nobody || no_such(body)", "unknown-root")],
)
def test_what_is_wrong_is_told_each_time_the_first_thing_first(text: str, code: str):
    for _ in range(2):
        with pytest.raises(ExpressionError) as caught:
            compile_once(text, {"body": 0})
        assert caught.value.code == code


def test_what_nobody_holds_is_forgotten():
    one = compile_once("body.forgotten", {"body": 0})
    expression, parsed = ref(one), ref(one.parsed)
    assert parse_once("body.forgotten") is one.parsed
    del one
    assert (expression(), parsed()) == (None, None)


@pytest.mark.parametrize(
    "text, roots",
    [
        ("a.b[0].c", ("a",)),
        ("a[?b == c].d", ("a",)),
        ("a[*].b || c.*.d", ("a", "c")),
        ("a[] | [0]", ("a",)),
        ("object_of({k: a.b, v: [c, a]})", ("a", "c")),
        ("!(a && `1`) || 'b'", ("a",)),
    ],
)
def test_the_roots_of_an_expression_are_the_names_that_it_starts_from(text: str, roots: tuple[str, ...]):
    assert parse_once(text).roots == roots
