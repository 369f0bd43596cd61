"""Expressions: what the closures give is what the standard says, and mistakes are found before anything runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jmespath
import jmespath.exceptions
import pytest
from hypothesis import given, reject, strategies as st
from torouter.language.expressions import ExpressionError, compile_standard, parse
from torouter.language.literals import prepare

from .support import codes, run_expression

SHARED = Path(os.environ.get("TOROUTER_CONFORMANCE", Path(__file__).parents[3] / "shared" / "conformance"))
BODY = {"a": {"b": [1, {"c": "x"}]}, "items": [{"kind": "t", "n": 1}, {"kind": "u", "n": 0}], "text": "", "zero": 0}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("body.a.b[1].c", "x"),
        ("body.a.b[-1].c", "x"),
        ("body.missing.deeper", None),
        ("body.items[*].n", [1, 0]),
        ("body.items[?kind=='t'].n | [0]", 1),
        ("body.items[?n == 0].kind", ["u"]),
        ("body.text || 'other'", "other"),
        ("body.zero || 5", 0),
        ("!(body.text)", True),
        ("body.a.b[0] == 1", True),
        ("body.a.b[0] == true", False),
        ("{x: body.zero, y: null}", {"x": 0, "y": None}),
        ("[body.zero, 'a', -1.5]", [0, "a", -1.5]),
        ("body.items[0:1].n", [1]),
        ("body.a.*", [[1, {"c": "x"}]]),
        ("not_null(body.missing, body.zero)", 0),
        ("type(body.a)", "object"),
    ],
)
def test_an_expression_gives(expression: str, value: Any) -> None:
    assert run_expression(expression, body=BODY) == value


@pytest.mark.parametrize(
    ("written", "prepared"),
    [
        ("a == 1", "a == `1`"),
        ("a[0]", "a[0]"),
        ("a[?b == -2.5]", "a[?b == `-2.5`]"),
        ("a[1:2:-1]", "a[1:2:-1]"),
        ("a.true", "a.true"),
        ("true && a", "`true` && a"),
        ("{null: null}", "{null: `null`}"),
        ("'1 true'", "'1 true'"),
        ("`1`", "`1`"),
        ("f(1, null)", "f(`1`, `null`)"),
        ('"true".x', '"true".x'),
    ],
)
def test_bare_literals_become_the_standards_literals(written: str, prepared: str) -> None:
    assert prepare(written).text == prepared


def test_errors_point_at_the_text_as_written() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("a == 1 && == b")
    assert "a == 1 && == b"[caught.value.offset :].startswith("== b")


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("=body.", "expression-syntax"),
        ("=", "expression-syntax"),
        ("=bdy.x", "unknown-root"),
        ("=lenght(body.x)", "unknown-function"),
        ("=length(body.x)", "unknown-function"),
        ("=lower()", "wrong-arity"),
        ("=not_null()", "wrong-arity"),
        ("=!body.a.b", "negated-path"),
        ("=!body.a[0]", "negated-path"),
        ("=!body.a[?b]", "negated-path"),
        ("=!body.a[]", "negated-path"),
        ("=!body.a.*", "negated-path"),
        ("=[0]", "expression-syntax"),
        ("=@.a", "expression-syntax"),
        ("=body.a[::0]", "expression-syntax"),
        ("=" + "body" + ".a" * 300, "expression-too-large"),
        ("=" + " | ".join(["body"] + ["[@, @]"] * 13), "expression-too-large"),
    ],
)
def test_mistakes_are_found_when_loading(expression: str, code: str) -> None:
    assert codes("make: " + json.dumps(expression)) == [code]


_NAMES = st.sampled_from(["a", "b", "c"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=12,
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda two: f"({two[0]}).{two[1]}" if two[1].isalpha() else f"{two[0]} | {two[1]}"),
        pair.map(lambda two: f"{two[0]} || {two[1]}"),
        pair.map(lambda two: f"({two[0]}) && ({two[1]})"),
        pair.map(lambda two: f"({two[0]}) == ({two[1]})"),
        pair.map(lambda two: f"({two[0]}) < ({two[1]})"),
        pair.map(lambda two: f"[{two[0]}, {two[1]}]"),
        pair.map(lambda two: f"{{k: {two[0]}, l: {two[1]}}}"),
        pair.map(lambda two: f"({two[0]})[?{two[1]}]"),
        inner.map(lambda one: f"!({one})"),
        inner.map(lambda one: f"({one})[*].a"),
        inner.map(lambda one: f"({one}).*"),
        inner.map(lambda one: f"({one})[]"),
        inner.map(lambda one: f"({one})[0]"),
        inner.map(lambda one: f"({one})[1:]"),
        inner.map(lambda one: f"length({one})"),
        inner.map(lambda one: f"not_null({one}, 'z')"),
        inner.map(lambda one: f"sort_by({one}, &a)"),
    )


_EXPRESSIONS = st.recursive(st.one_of(_NAMES, st.just("@"), st.just("`1`"), st.just("'x'")), _combined, max_leaves=6)


@given(_EXPRESSIONS, _JSON)
def test_closures_give_what_the_library_gives(expression: str, value: Any) -> None:
    try:
        wanted: Any = jmespath.search(expression, value)
    except TypeError:
        reject()  # where the library fails to order a number and a text, the standard says null, and so do we
    except jmespath.exceptions.JMESPathError as error:
        wanted = type(error)
    try:
        found: Any = compile_standard(expression)(value)
    except (jmespath.exceptions.JMESPathError, ExpressionError, TypeError) as error:
        found = wanted if isinstance(wanted, type) else error
    assert found == wanted


def _compliance() -> list[Any]:
    cases = []
    for file in sorted((SHARED / "jmespath").glob("*.json")):
        for suite in json.loads(file.read_text()):
            cases += [
                pytest.param(suite["given"], case, id=f"{file.stem}-{case['expression'][:40]}")
                for case in suite["cases"]
                if "bench" not in case
            ]
    return cases


@pytest.mark.corpus
def test_every_compliance_case_holds() -> None:
    cases = _compliance()
    if not cases:
        assert not os.environ.get("CI"), "the compliance suite is missing"
        pytest.skip("the JMESPath compliance suite is not part of the project; the property above covers the ground")
    failed = [case.id for case in cases if not _holds(*case.values)]
    assert failed == []
    assert len(cases) == 892


def _holds(value: Any, case: dict[str, Any]) -> bool:
    try:
        found = compile_standard(case["expression"])(value)
    except (jmespath.exceptions.JMESPathError, ExpressionError, ValueError):
        return "error" in case
    return "error" not in case and bool(found == case["result"])
