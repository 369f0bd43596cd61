"""Schemas describe every property with an example that holds, and errors point at the key or value that is wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from torouter.config.document import load_document
from torouter.config.schema import KINDS, check_document, schema_text
from torouter.diagnostics import Diagnostics


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All named properties in a schema, wherever they stand."""
    if isinstance(schema, dict):
        for name, value in (schema.get("properties") or {}).items():
            # A condition on a property is no second description of it.
            if isinstance(value, dict) and set(value) != {"const"}:
                yield f"{path}.{name}", value
        for key, value in schema.items():
            yield from properties(value, f"{path}.{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from properties(value, f"{path}.{index}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_a_schema(kind: str) -> None:
    Draft202012Validator.check_schema(json.loads(schema_text(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_has_a_description_and_an_example_that_holds(kind: str) -> None:
    schema = json.loads(schema_text(kind))
    for path, property in properties(schema):
        assert property.get("description"), path
        assert property.get("examples"), path
        for example in property["examples"]:
            validator = Draft202012Validator({**property, "$defs": schema.get("$defs", {})})
            assert list(validator.iter_errors(example)) == [], path


def check(text: str, kind: str = "route") -> list[tuple[str, str, int, int]]:
    diagnostics = Diagnostics()
    document = load_document(text, "a.yaml", "user", diagnostics)
    assert document is not None
    check_document(document.root, kind, diagnostics)
    return [(i.code, i.help or "", i.span.line, i.span.column) for i in diagnostics.sorted() if i.span]


def test_a_stray_key_is_underlined_itself() -> None:
    assert check("settings:\n  workers: 1\n  worker: 2\n")[0][::2] == ("unknown-key", 3)


def test_a_misspelt_key_is_one_error_with_the_key_that_was_meant() -> None:
    assert check("models:\n  m:\n    target: []\n") == [("unknown-key", 'did you mean "targets"?', 3, 5)]


def test_a_missing_member_is_reported_at_the_key_of_its_parent() -> None:
    assert check("groups:\n  g:\n    models: ['*']\n") == [("missing-key", "", 2, 3)]


@pytest.mark.parametrize(
    ("auth", "code", "column"),
    [
        ("{bearr: env:A}", "unknown-key", 12),
        ("{header: x-key}", "missing-key", 5),
        ("{header: x-key, value: literal}", "literal-secret", 34),
        ("{query: key, value: 3}", "literal-secret", 31),
        ("nothing", "wrong-type", 11),
        ("[a]", "wrong-type", 11),
    ],
)
def test_of_several_alternatives_the_one_that_was_meant_is_explained(auth: str, code: str, column: int) -> None:
    (error,) = check(f"providers:\n  p:\n    kind: sandbox\n    auth: {auth}\n")
    assert (error[0], error[3]) == (code, column)


def test_a_number_without_a_unit_is_given_one() -> None:
    assert check("policies:\n  default: {idle: 60}\n") == [("bad-duration", 'did you mean "60s"?', 2, 19)]


def test_an_id_that_is_no_name_is_reported_at_the_key() -> None:
    assert check("models:\n  'a b': {targets: [{provider: x}]}\n") == [("bad-value", "", 2, 3)]


def test_a_file_that_is_no_mapping_is_reported() -> None:
    assert check("- a\n")[0][0] == "wrong-type"


def test_an_entry_that_extends_or_removes_need_not_be_whole() -> None:
    assert check("models:\n  a: null\n  b: {extends: c}\n") == []
