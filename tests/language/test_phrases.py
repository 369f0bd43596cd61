"""Templates that are read without the library: they are what the library makes of them, and all else is left to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, note, settings, strategies as st
from torouter.language import template
from torouter.language.phrases import read_phrase
from torouter.language.scope import Layout, Scope
from torouter.language.terms import Phrase
from torouter.language.text import TemplateError

from .support import compile_text, generated

SCOPE = Scope.of_roots(Layout(), ("body", "mark", "none_of_it"))
PLACES = ("body", "body.a", "body.a.b", "mark", "nobody.a", "none", "not", "true.a", "body.true", "none_of_it", "a b", "")
WORDS = st.sampled_from(
    [
        "text", " ", "\n", "{", "}", "'", "\\", "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "\r\n", "ü", "{{ '}}' }}",
        "{% if body %}", "{% else %}", "{% endif %}", "{% if body.a %}x{% else %}\ny{% endif %}", "{{ body['a'] }}",
    ]
)  # fmt: skip
GIVEN = st.sampled_from(
    ["", "()", "('x')", "( 'y\n' )", "('{{')", "(mark)", "('a', 'b')", '("x")', "(1)", "('\\n')", "(none)"]
)
SAID = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["{{", "{{ ", "{{\n", "{{- "]),
    st.sampled_from(PLACES),
    st.sampled_from(["", " | ", "|", "."]),
    st.sampled_from(["", "json", "default", "join", "trim", "upper", "segment", "center"]),
    GIVEN,
    st.sampled_from(["}}", " }}", " -}}", "}"]),
)
TEXTS = st.lists(WORDS | SAID | SAID, min_size=1, max_size=4).map("".join)
VALUES: tuple[dict[str, Any], ...] = (
    {},
    {"body": {"a": {"b": "c"}, "true": True}, "mark": "m", "none_of_it": 1},
    {"body": {"a": ["x", 1, None]}, "mark": ""},
    {"body": "b", "mark": 0, "none_of_it": False},
)


def frame(values: dict[str, Any]) -> list[Any]:
    return [values.get(name) for name in SCOPE.slots]


@settings(max_examples=1500, deadline=None)
@given(TEXTS)
def test_what_is_read_is_what_the_library_reads(text: str) -> None:
    note(text)
    read = read_phrase(text, SCOPE)
    if read is not None:
        phrase, reads = read
        library = template.compile_template(text, SCOPE)
        assert reads == library.reads
        run = phrase.closure()
        for values in VALUES:
            assert run(frame(values)) == library.run(frame(values))


@pytest.mark.parametrize(
    "text",
    [
        "{{ body }}", "a {{body.a}} b", "{{ body.a | json }}\n", "{{ body.a.b|default('x y') }}", "}} {{ target }} {",
        "{{ body | default(target) }}", "{{ body.a | join('\n') }}", "{% if target %}yes{% else %}no{% endif %}.",
    ],
)  # fmt: skip
def test_most_templates_are_read_here_and_written_as_code_that_does_the_same(text: str) -> None:
    mapping, diagnostics = compile_text("make: " + json.dumps(text))
    assert diagnostics.items == []
    assert isinstance(mapping.body, Phrase)
    reference, source = mapping.closures(), generated(mapping)
    for values in ({}, {"body": {"a": "c"}, "target": 0}, {"body": {"a": ["x", {"b": "y"}]}, "target": ""}):
        assert source(values) == reference(values)


@pytest.mark.parametrize("text", ["{{ nobody }}", "{{ body | center }}", "{{ body | join }}", "{{ body.a() }}", "{% x %}"])
def test_what_is_wrong_is_left_to_the_library_to_tell(text: str) -> None:
    assert read_phrase(text, SCOPE) is None
    with pytest.raises(TemplateError):
        template.compile_template(text, SCOPE)
