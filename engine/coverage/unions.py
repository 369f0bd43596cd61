"""The members of a union in an inventory: what they are called, and which of them a value is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .inventory import Inventory, Schema

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the shapes that a value may have; named only where several shapes are objects, by the member `key`."""

    name: str
    schema: Schema
    above: frozenset[str]
    key: str | None = None


def branches_of(inventory: Inventory, schema: Schema, above: frozenset[str]) -> tuple[Branch, ...]:
    """Give the shapes that a schema allows, unions in unions opened, without null; never none."""
    shapes = tuple(_shapes(inventory, schema, above)) or (("", schema, above),)
    if "examples" in schema and shapes[0][1] is not schema:
        shapes = tuple((name, _with_examples(shape, schema), seen) for name, shape, seen in shapes)
    objects = [shape for _, shape, _ in shapes if "properties" in shape]
    if len(objects) < 2:
        return tuple(Branch("", shape, seen) for _, shape, seen in shapes)
    told = Counter(name for shape in objects for name in _constants(shape))
    key = max(told, key=lambda name: told[name]) if told else None
    names = [_name(shape, given, key, place) for place, (given, shape, _) in enumerate(shapes)]
    return tuple(
        Branch(given if given and names.count(name) > 1 else name, shape, seen, key)
        if "properties" in shape
        else Branch("", shape, seen)
        for name, (given, shape, seen) in zip(names, shapes, strict=True)
    )


def fits(value: Any, branch: Branch) -> bool:
    """Tell whether a value is of a branch: by its type, its constants and what it must have."""
    schema = branch.schema
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, _TYPES[kind]) for kind in kinds):
        return False
    if isinstance(value, dict):
        members = schema.get("properties", {})
        if any(name not in value for name in schema.get("required", ())):
            return False
        if schema.get("additionalProperties") is False and any(name not in members for name in value):
            return False
        return all(value[name] in words for name, words in _words(schema) if name in value)
    return value in schema["enum"] if "enum" in schema else True


def _shapes(
    inventory: Inventory, schema: Schema, above: frozenset[str], given: str = ""
) -> Iterator[tuple[str, Schema, frozenset[str]]]:
    union = schema.get("anyOf") or schema.get("oneOf")
    if union is None:
        types = schema.get("type")
        if isinstance(types, list):
            for kind in types:
                if kind != "null":
                    yield given, {**schema, "type": kind}, above
        elif types != "null":
            yield given, schema, above
        return
    for member in union:
        if "x-dialects" in member:  # another way to write the same, which only some take
            continue
        opened = inventory.open(member, above)
        if opened is not None:
            name = member.get("$ref", "").rpartition("/")[2] or member.get("title", "")
            yield from _shapes(inventory, *opened, given=name)


def _with_examples(shape: Schema, union: Schema) -> Schema:
    """Give one shape of a union with those examples of the union that are of this shape."""
    own = [example for example in union["examples"] if fits(example, Branch("", shape, frozenset()))]
    return {**shape, "examples": own} if own else shape


def _constants(schema: Schema) -> dict[str, Any]:
    return {name: member["const"] for name, member in schema["properties"].items() if "const" in member}


def _words(schema: Schema) -> Iterator[tuple[str, list[Any]]]:
    for name, member in schema.get("properties", {}).items():
        if "const" in member:
            yield name, [member["const"]]
        elif "enum" in member:
            yield name, member["enum"]


def _name(schema: Schema, given: str, key: str | None, place: int) -> str:
    constants = _constants(schema) if "properties" in schema else {}
    if key in constants:
        return str(constants[key])
    return given or "+".join(schema.get("required", ())) or str(place)
