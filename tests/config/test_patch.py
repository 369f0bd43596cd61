"""A patch is laid over a document, and everything that is said of the whole points at the file where it is written."""

from __future__ import annotations

from textwrap import dedent

import pytest
from torouter.config.document import Document, load_document
from torouter.config.patch import patch_document
from torouter.diagnostics import Diagnostics

BASE = """
    rules:
      - first
      - {on: second}
    tables:
      words: {one: 1, two: 2}
    make:
      a: =body.a
      b:
        $when: =body.b
        $value: 1
"""


def patched(patch: str, base: str = BASE) -> tuple[Document, Diagnostics]:
    found = Diagnostics()
    below = load_document(dedent(base), "base.yaml", "built-in", found)
    above = load_document(dedent(patch), "patch.yaml", "built-in", found)
    assert below is not None and above is not None
    return patch_document(below, above.root, found), found


def where(document: Document, *path: str | int) -> str:
    return str(document.root.at(*path).span())


def test_members_are_merged_and_null_removes() -> None:
    document, found = patched("{tables: {words: {two: null, three: 3}}, make: {b: null}}")
    assert document.data == {
        "rules": ["first", {"on": "second"}],
        "tables": {"words": {"one": 1, "three": 3}},
        "make": {"a": "=body.a"},
    }
    assert found.items == []


@pytest.mark.parametrize("value", ["other", {"on": "x"}, ["x"]])
def test_what_is_no_mapping_on_both_sides_is_replaced(value: object) -> None:
    document, _ = patched(f"rules: {value!r}")
    assert isinstance(document.data, dict)
    assert document.data["rules"] == value


def test_an_entry_stands_for_the_list_beneath() -> None:
    document, _ = patched("rules: [before, $base, after]")
    assert isinstance(document.data, dict)
    assert document.data["rules"] == ["before", "first", {"on": "second"}, "after"]


def test_a_place_is_where_it_is_written() -> None:
    document, _ = patched("rules: [before, $base]\nmake: {c: {deep: 1}}\ntables:\n  words:\n    three: 3\n")
    assert where(document, "make", "a") == "base.yaml:8:6"
    assert where(document, "make", "c", "deep") == "patch.yaml:2:18"
    assert where(document, "tables", "words", "three") == "patch.yaml:5:12"
    assert where(document, "rules", 0) == "patch.yaml:1:9"
    assert where(document, "rules", 2, "on") == "base.yaml:4:10"
    assert str(document.root.at("tables", "words").key("three").span()) == "patch.yaml:5:5"
    assert str(document.root.at("make", "a").own_key().span()) == "base.yaml:8:3"


def test_what_changes_nothing_is_told_at_the_patch() -> None:
    _, found = patched("tables: {words: {one: 1}}\nmake: {c: null}")
    assert [(item.code, item.severity, str(item.span)) for item in found.items] == [
        ("idle-patch", "warning", "patch.yaml:1:18"),
        ("unknown-removal", "warning", "patch.yaml:2:8"),
    ]


def test_a_list_that_is_not_there_cannot_be_extended() -> None:
    _, found = patched("make: {list: [$base, 1]}")
    assert [(item.code, item.severity, str(item.span)) for item in found.items] == [
        ("unknown-base", "error", "patch.yaml:1:15")
    ]
