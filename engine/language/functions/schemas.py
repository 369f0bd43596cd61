"""Schemas between JSON Schema and the smaller language of OpenAPI 3.0."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .json import dumps
from .registry import Registry

REGISTRY = Registry("schemas")

_HUMP = re.compile(r"(?<=[a-z0-9])_([a-z])")
_BOUNDS = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
_DEEPEST = 40
_MOST = 2000  # schemas in one: references to references would multiply without end


@REGISTRY.add(
    (
        'json_schema(`{"type": "OBJECT", "properties": {"a_b": {"type": "STRING", "nullable": true}}}`)',
        {"type": "object", "properties": {"a_b": {"type": ["string", "null"]}}},
    ),
    ('json_schema(`{"type": "ARRAY", "max_items": "3"}`)', {"type": "array", "maxItems": 3}),
    ("json_schema(null)", None),
)
def json_schema(schema: Any) -> Any:
    """Read a schema as OpenAPI 3.0 writes it as JSON Schema: types in lower case, `nullable` as a type."""
    try:
        return _read(schema)
    except RecursionError:
        return schema


def _read(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    said = {_HUMP.sub(lambda found: found[1].upper(), keyword): value for keyword, value in schema.items()}
    order, nullable = said.pop("propertyOrdering", None), said.pop("nullable", None)
    read: dict[str, Any] = {}
    for keyword, value in said.items():
        if keyword == "type":
            if kinds := _types(value):
                read["type"] = kinds[0] if len(kinds) == 1 else kinds
        elif keyword in _BOUNDS and isinstance(value, str) and value.isdecimal():
            read[keyword] = int(value)
        elif keyword == "example":
            read["examples"] = [value]
        else:
            read[keyword] = _below(keyword, value, _read)
    if isinstance(order, list) and isinstance(read.get("properties"), dict):
        properties = read["properties"]
        first = {name: properties[name] for name in order if isinstance(name, str) and name in properties}
        read["properties"] = {**first, **properties}
    return _with_null(read) if nullable is True else read


def _types(value: Any) -> list[str]:
    kinds = value if isinstance(value, list) else [value]
    return [kind.lower() for kind in kinds if isinstance(kind, str) and kind != "TYPE_UNSPECIFIED"]


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Let a schema take null, too."""
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema = {**schema, "enum": [*schema["enum"], None]}
    kinds = schema.get("type")
    if kinds is not None:
        listed = kinds if isinstance(kinds, list) else [kinds]
        return schema if "null" in listed else {**schema, "type": [*listed, "null"]}
    if isinstance(schema.get("anyOf"), list):
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    return schema


def _below(keyword: str, value: Any, change: Callable[[Any], Any]) -> Any:
    """Change the schemas that stand below a keyword, and nothing that only looks like one."""
    if keyword == "properties" and isinstance(value, dict):
        return {name: change(member) for name, member in value.items()}
    if keyword == "anyOf" and isinstance(value, list):
        return [change(item) for item in value]
    return change(value) if keyword == "items" else value


@REGISTRY.add(
    (
        'openapi_schema(`{"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "title": "T"}`)',
        {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}, "title": "T"},
    ),
    (
        'openapi_schema(`{"$ref": "#/$defs/n", "$defs": {"n": {"const": 1, "multipleOf": 2}}}`)',
        {"type": "INTEGER", "description": "One of: 1; multipleOf: 2"},
    ),
    ('openapi_schema(`{"allOf": [{"minimum": 1}, {"type": "integer"}]}`)', {"minimum": 1, "type": "INTEGER"}),
    ("openapi_schema(null)", None),
)
def openapi_schema(schema: Any) -> Any:
    """Write a JSON Schema in the language of OpenAPI 3.0; what that cannot say goes into the description."""
    return _Writer(schema).write(schema, 0, ()) if isinstance(schema, dict) else None


_KEPT = ("title", "description", "format", "minimum", "maximum", "pattern", "default", "required", *sorted(_BOUNDS))
_TOLD = (
    "multipleOf",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "uniqueItems",
    "not",
    "patternProperties",
    "propertyNames",
)


class _Writer:
    """Writes one schema; references are looked up in its root and written in place."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._left = _MOST

    def write(self, schema: Any, depth: int, seen: tuple[str, ...]) -> dict[str, Any]:
        """Write a schema; `seen` are the references above it: one that repeats is cut to an object."""
        if not isinstance(schema, dict):
            return {}
        self._left -= 1
        opened = self._opened(schema, seen) if depth <= _DEEPEST and self._left > 0 else None
        if opened is None:
            return {"type": "OBJECT"}
        schema, seen = opened
        for part in _listed(schema.get("allOf")):
            rest = {name: value for name, value in schema.items() if name != "allOf"}
            other = self._opened(part, seen) if isinstance(part, dict) else None
            schema = _merged(rest, other[0]) if other is not None else rest
        written = {keyword: schema[keyword] for keyword in _KEPT if keyword in schema}
        notes = [f"{keyword}: {_told(schema[keyword])}" for keyword in _TOLD if keyword in schema]
        kinds, nullable = _without_null(schema.get("type"))
        options = [item for name in ("anyOf", "oneOf") for item in _listed(schema.get(name))]
        nullable = nullable or {"type": "null"} in options
        options = [item for item in options if item != {"type": "null"}]
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(values, list):
            nullable = nullable or None in values
            kinds = self._values([value for value in values if value is not None], kinds, written, notes)
        if len(kinds) > 1:
            options = [*options, *({"type": kind} for kind in kinds)]
        elif kinds:
            written["type"] = kinds[0].upper()
        if isinstance(schema.get("properties"), dict):
            self._properties(schema["properties"], written, depth, seen)
        if "items" in schema or kinds == ["array"]:
            written["items"] = self.write(schema.get("items"), depth + 1, seen)
        if options:
            inner = [self.write(item, depth + 1, seen) for item in options]
            written = {**inner[0], **written} if len(inner) == 1 else {**written, "anyOf": inner}
        if nullable:
            written["nullable"] = True
        if notes:
            said = [written["description"]] if isinstance(written.get("description"), str) else []
            written["description"] = "; ".join([*said, *notes])
        return written

    def _opened(self, schema: dict[str, Any], seen: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]] | None:
        """Give a schema with its reference looked up, and the references so far; nothing when one repeats."""
        while isinstance(reference := schema.get("$ref"), str):
            if reference in seen:
                return None
            seen = (*seen, reference)
            schema = {**self._find(reference), **{name: value for name, value in schema.items() if name != "$ref"}}
        return schema, seen

    def _values(self, values: list[Any], kinds: list[str], written: dict[str, Any], notes: list[str]) -> list[str]:
        """Write the values of an enum; only texts may be listed, others are told in words."""
        if all(isinstance(value, str) for value in values):
            written["enum"] = values
            return ["string"]
        notes.insert(0, "One of: " + ", ".join(_told(value) for value in values))
        return kinds or (["integer"] if all(type(value) is int for value in values) else [])

    def _properties(self, members: dict[str, Any], written: dict[str, Any], depth: int, seen: tuple[str, ...]) -> None:
        written["type"] = "OBJECT"
        written["properties"] = {name: self.write(member, depth + 1, seen) for name, member in members.items()}
        if isinstance(written.get("required"), list):
            written["required"] = [name for name in written["required"] if isinstance(name, str) and name in members]

    def _find(self, reference: str) -> dict[str, Any]:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                name = step.replace("~1", "/").replace("~0", "~")
                found = found.get(name) if isinstance(found, dict) else None
        return {name: value for name, value in found.items() if name != "$defs"} if isinstance(found, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _told(value: Any) -> str:
    """Write a value for a description; what is nested too deeply is left out."""
    try:
        return dumps(value)
    except (TypeError, ValueError, RecursionError):
        return "…"


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Give what two schemas say together; members and demands add up."""
    both = {**other, **one}
    if isinstance(one.get("properties"), dict) and isinstance(other.get("properties"), dict):
        both["properties"] = {**one["properties"], **other["properties"]}
    if isinstance(one.get("required"), list) and isinstance(other.get("required"), list):
        both["required"] = [*one["required"], *(name for name in other["required"] if name not in one["required"])]
    return both


def _without_null(kinds: Any) -> tuple[list[str], bool]:
    listed = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)]
    return [kind for kind in listed if kind != "null"], "null" in listed
