"""Example values made from a JSON Schema: what a scripted tool call passes as its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 8
_MOST = 500
_BY_TYPE: Mapping[str, Any] = {"string": "example", "integer": 1, "number": 1.5, "boolean": True, "null": None}
_BY_FORMAT: Mapping[str, str] = {
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(schema: object) -> Any:
    """Make a value that fits a schema as far as its plain keywords say; the same schema gives the same value."""
    return _Sampler(schema).make(schema, 0)


class _Sampler:
    """Makes one value. It stops at a depth and a number of values, because schemas may refer to themselves."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._left = _MOST

    def make(self, schema: object, depth: int) -> Any:
        self._left -= 1
        if not isinstance(schema, dict) or depth > _DEEPEST or self._left < 0:
            return None
        if "$ref" in schema:
            return self.make(self._resolve(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        for word in ("default", "enum", "examples"):
            if word in schema:
                value = schema[word]
                return value if word == "default" else _first(value)
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                return self.make(_first(schema[word]), depth + 1)
        return self._of_type(schema, depth)

    def _of_type(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = _first(kind) if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            count = _whole(schema.get("minItems"), 1)
            return [self.make(schema.get("items", {"type": "string"}), depth + 1) for _ in range(min(count, 8))]
        if kind == "string":
            return _text(schema)
        if kind in ("integer", "number"):
            return _within(schema, _BY_TYPE[kind])
        return _BY_TYPE.get(str(kind))

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """Fill in what is required; everything when nothing is."""
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return {}
        required = schema.get("required")
        wanted = required if isinstance(required, list) else []
        names = [name for name in wanted if isinstance(name, str) and name in properties]
        return {name: self.make(properties[name], depth + 1) for name in names or properties}

    def _resolve(self, reference: object) -> object:
        """Follow a reference within the schema; null when it leads elsewhere."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found: Any = self._root
        for step in reference.split("/")[1:]:
            if not isinstance(found, dict):
                return None
            found = found.get(step.replace("~1", "/").replace("~0", "~"))
        return found


def _text(schema: Mapping[str, Any]) -> str:
    text = _BY_FORMAT.get(str(schema.get("format")), "example")
    shortest = min(_whole(schema.get("minLength"), 0), 200)
    longest = _whole(schema.get("maxLength"), len(text) + shortest)
    return text.ljust(shortest, ".")[:longest]


def _within(schema: Mapping[str, Any], number: float) -> float:
    least, most = schema.get("minimum"), schema.get("maximum")
    if isinstance(least, int | float) and number < least:
        return least
    return most if isinstance(most, int | float) and number > most else number


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and value >= 0 else otherwise


def _first(values: object) -> Any:
    return values[0] if isinstance(values, list) and values else None
