"""Sentences for values that a JSON Schema refuses: what was expected, what was found, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}

_PLAIN = re.compile(r"[A-Za-z_/][\w./:-]*\Z")
_LONGEST_EXAMPLE = 90

# How other tools name a variable of the environment, and what a variable for a secret is mostly called.
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?|([A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD))")


def expected_of(schema: Any) -> str:
    """What a schema wants, by its types."""
    if not isinstance(schema, Mapping):
        return "something else"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(expected_of(branch) for branch in schema[word]))
    if "const" in schema:
        return f'"{schema["const"]}"'
    types = schema.get("type", "object")
    names = [types] if isinstance(types, str) else [name for name in types if name != "null"]
    return " or ".join(_TYPES[name] for name in names)


def found(value: object) -> str:
    """What a value is."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a mapping" if isinstance(value, dict) else "a list"


def shown(value: object) -> str:
    """A value in a sentence."""
    return f'"{value}"' if isinstance(value, str) else found(value)


def as_meant(code: str, expected: str, value: object, schema: object) -> str | None:
    """How to write a value that is right but for its form; else an example of the schema."""
    if code == "bad-duration" and isinstance(value, int | float):
        return f'did you mean "{value}s"?'
    if code == "literal-secret":
        return _as_reference(value)
    if code != "wrong-type":
        return None
    if expected == "a list" and isinstance(value, str) and "\n" not in value:
        return f"a list of one is [{value}]"
    if expected == "a list" and isinstance(value, dict):
        return 'each entry of a list begins with "- "'
    return _example(schema) if expected != _TYPES["boolean"] else None


def limit_of(error: ValidationError) -> str:
    """A sentence for a limit that a value breaks."""
    limit = error.validator_value
    sentences = {
        "minimum": f"the number must be at least {limit}",
        "maximum": f"the number must be at most {limit}",
        "minItems": "the list must not be empty",
        "minLength": "the text must not be empty",
        "minProperties": "the mapping must not be empty",
        "uniqueItems": "the list holds the same entry twice",
        "const": f"only {shown(limit)} is allowed here",
    }
    return sentences.get(str(error.validator), "the value is not allowed here")


def _as_reference(value: object) -> str | None:
    """How a variable is written that was written as elsewhere."""
    variable = _VARIABLE.fullmatch(str(value))
    return f'did you mean "env:{variable[1] or variable[2]}"?' if variable else None


def _example(schema: object) -> str | None:
    """The first example that a schema gives, if it is short."""
    examples = schema.get("examples") if isinstance(schema, Mapping) else None
    text = _flow(examples[0]) if examples else ""
    return f"such as {text}" if 0 < len(text) <= _LONGEST_EXAMPLE else None


def _flow(value: object) -> str:
    """A value as YAML in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not _PLAIN.match(value):
        return f'"{value}"'
    return str(value)
