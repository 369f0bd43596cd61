"""A published specification, cut down to its facts: names, types, values, what is required, and which shapes are open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
KEPT = (
    "const",
    "enum",
    "format",
    "items",
    "maximum",
    "maxItems",
    "minimum",
    "minItems",
    "pattern",
    "properties",
    "required",
    "type",
)
FORMATS = {"date-time", "binary", "byte"}


def definitions(file: Path, prefix: str = "", vertex: str = "") -> dict[str, Schema]:
    """Every named type of a specification, cut down; `prefix` is taken off their names, and wins over a name without it.

    A member whose description holds the words `vertex` is marked as a member of that dialect.
    """
    document = json.loads(file.read_bytes())
    found: dict[str, Schema] = (
        document["components"]["schemas"] if "components" in document else document["$defs"] | document["roots"]
    )
    reader = _Reader(found, prefix, vertex)
    plain = {name: schema for name, schema in found.items() if not (prefix and prefix + name in found)}
    return {reader.name(name): reader.node(schema) for name, schema in sorted(plain.items())}


def references(schema: Any) -> Iterator[str]:
    """The names of the types that a schema refers to."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from references(item)


class _Reader:
    """Cuts one node after the other down; references stay references."""

    def __init__(self, found: dict[str, Schema], prefix: str, vertex: str) -> None:
        self.found, self.prefix, self.vertex = found, prefix, vertex

    def name(self, name: str) -> str:
        return name.removeprefix(self.prefix)

    def node(self, source: Schema) -> Schema:
        """A schema without prose, defaults and the words of one vendor's tools."""
        if "$ref" in source:
            return nullable(self.reference(source["$ref"]), source.get("nullable"))
        if "allOf" in source:
            return nullable(self.node(self.merged(source)), source.get("nullable"))
        options = source.get("anyOf") or source.get("oneOf")
        if options and "properties" not in source:
            return nullable(union([self.node(option) for option in options]), source.get("nullable"))
        return nullable(self.plain(source), source.get("nullable"))

    def reference(self, target: str) -> Schema:
        return {"$ref": f"#/$defs/{self.name(target.rpartition('/')[2])}"}

    def merged(self, source: Schema) -> Schema:
        """One object of all the parts of an `allOf`."""
        whole: Schema = {"properties": {}, "required": []}
        for part in [*source["allOf"], {k: v for k, v in source.items() if k in KEPT}]:
            part = self.found[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
            part = self.merged(part) if "allOf" in part else part
            whole |= {k: v for k, v in part.items() if k not in ("properties", "required")}
            whole["properties"] |= part.get("properties", {})
            whole["required"] += part.get("required", [])
        return whole if whole["properties"] else {k: v for k, v in whole.items() if k not in ("properties", "required")}

    def plain(self, source: Schema) -> Schema:
        if isinstance(source.get("type"), list):
            return union([self.plain({**source, "type": one}) for one in source["type"]])
        schema: Schema = {key: source[key] for key in KEPT if key in source and source[key] != []}
        if schema.get("format") not in FORMATS:
            schema.pop("format", None)
        if len(schema.get("enum", ())) == 1:
            schema["const"] = schema.pop("enum")[0]
        if "const" in schema or "enum" in schema:
            schema.pop("type", None)
        if "items" in schema:
            schema["items"] = self.node(schema["items"])
        if "properties" in schema:
            schema |= {"type": "object", "additionalProperties": False}
            schema["properties"] = {name: self.member(member) for name, member in sorted(schema["properties"].items())}
            schema["required"] = sorted(set(schema.get("required", ())) & set(schema["properties"]))
            if not schema["required"]:
                del schema["required"]
        elif isinstance(source.get("additionalProperties"), dict) and source["additionalProperties"]:
            schema["additionalProperties"] = self.node(source["additionalProperties"])
        elif schema.get("type") == "object" or not schema:
            schema["x-opaque"] = True
        return schema

    def member(self, source: Schema) -> Schema:
        schema = self.node(source)
        if self.vertex and re.search(self.vertex, " ".join(str(source.get("description", "")).split())):
            schema["x-dialects"] = ["vertex"]
        return schema


def union(options: list[Schema]) -> Schema:
    """One of several shapes, without repetition; text of any value swallows the values that are named."""
    flat = [inner for option in options for inner in (option["anyOf"] if set(option) == {"anyOf"} else [option])]
    if {"type": "string"} in flat:
        flat = [option for option in flat if not all(isinstance(v, str) for v in option.get("enum", [None]))]
    kept: list[Schema] = []
    for option in flat:
        if option not in kept:
            kept.append(option)
    opaque = next((option for option in kept if option == {"x-opaque": True}), None)
    return opaque or (kept[0] if len(kept) == 1 else {"anyOf": kept})


def nullable(schema: Schema, wanted: object = True) -> Schema:
    """The same shape, or null."""
    return union([schema, {"type": "null"}]) if wanted else schema
