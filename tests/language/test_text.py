"""Templates: text is assembled from values, and from nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from .support import codes, make, reads_of


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a {{ body.name }} b", "a N b"),
        ("{{ body.missing }}", ""),
        ("{{ body.count }}{{ body.flag }}", "3true"),
        ("{{ 'x' if body.flag else 'y' }}", "x"),
        ("{% if body.missing %}x{% elif body.flag %}y{% else %}z{% endif %}", "y"),
        ("{{ body.path | segment }}", "a%2Fb%3Fc:d"),
        ("{{ body.missing | default('d') }}", "d"),
        ("{{ body.list | join(', ') }}", "a, b"),
        ("{{ body.list | json }}", '["a","b"]'),
        ("{{ body['name'] | lower }}", "n"),
        ("{{ body.name == 'N' and body.flag }}", "true"),
        ("{{ body.values }}", "member"),
        ("{{ 'a' ~ body.name }}", "aN"),
        ("line\n{{ body.name }}\n", "line\nN\n"),
    ],
)
def test_a_template_gives(template: str, text: str) -> None:
    body = {
        "name": "N", "count": 3, "flag": True, "path": "a/b?c:d", "list": ["a", "b"], "values": "member",
    }  # fmt: skip
    assert make("make: " + json.dumps(template), body=body) == text


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{{ body.name", "template-syntax"),
        ("{{ bdy.name }}", "unknown-root"),
        ("{{ body.name() }}", "template-unsafe"),
        ("{% for x in body %}{% endfor %}", "template-unsafe"),
        ("{{ body.name * 1000000000 }}", "template-unsafe"),
        ("{{ body.name | center(1000000000) }}", "template-unsafe"),
        ("{% set x = 1 %}", "template-unsafe"),
        ("{{ body.__class__ }}", None),
    ],
)
def test_what_a_template_may_not_do_is_refused_when_loading(template: str, code: str | None) -> None:
    assert codes("make: " + json.dumps(template)) == ([code] if code else [])


def test_attributes_of_python_objects_are_out_of_reach() -> None:
    assert make("make: '{{ body.__class__ }}|{{ body.items }}|{{ body.name.upper }}'", body={"name": "n"}) == "||"


@given(st.text())
def test_template_text_in_values_is_never_evaluated(text: str) -> None:
    hostile = "{{ 7 * 7 }}" + text + "{% raw %}"
    value: Any = make("make: 'a{{ body.text }}b'", body={"text": hostile})
    assert value == f"a{hostile}b"


def test_a_template_knows_what_it_reads() -> None:
    assert reads_of("make: '{{ body.a.b }} {{ request.c | upper }}'") == {("body", "a", "b"), ("request", "c")}
