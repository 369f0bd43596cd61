"""Functions: their examples hold, and no value makes one fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from torouter.language.functions import LIBRARY
from torouter.language.functions.registry import Function

from .support import run_expression

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("call", "gives"),
    [pytest.param(example.call, example.gives, id=example.call) for f in LIBRARY.values() for example in f.examples],
)
def test_an_example_holds(call: str, gives: Any) -> None:
    assert run_expression(call) == gives


@pytest.mark.parametrize("function", LIBRARY.values(), ids=lambda function: function.name)
def test_every_function_says_what_it_does_and_shows_it(function: Function) -> None:
    assert function.meaning.endswith(".")
    assert function.examples
    assert all(function.name in example.call for example in function.examples)


@given(st.data(), st.sampled_from(sorted(LIBRARY)))
def test_no_value_makes_a_function_fail(data: st.DataObject, name: str) -> None:
    function = LIBRARY[name]
    most = function.least + 2 if function.most is None else function.most
    arguments = data.draw(st.lists(_JSON, min_size=function.least, max_size=most))
    before = json.dumps(arguments)
    first = function.run(*arguments)
    assert function.run(*arguments) == first, "the same arguments give the same value"
    assert json.dumps(arguments) == before, "arguments are left as they are"
