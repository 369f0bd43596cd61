"""What may stand at a place of the canonical model; for checks when files are loaded, nothing here runs per request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from .schema import Schema, load, resolve

_Choice = tuple[Schema, Schema]
_ANYTHING: _Choice = ({}, {})
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


@dataclass(frozen=True, slots=True)
class Form:
    """The schemas of which one must hold at a place, each with the document it stands in; none: nothing fits."""

    choices: tuple[_Choice, ...]

    def __bool__(self) -> bool:
        return bool(self.choices)

    def member(self, name: str) -> Form:
        """Give what may stand in a member."""
        return Form(tuple(found for choice in self.choices for found in _member(choice, name)))

    def item(self) -> Form:
        """Give what may stand in a list."""
        return Form(tuple(found for choice in self.choices for found in _item(choice)))

    def members(self) -> frozenset[str]:
        """Give the names of the members there may be."""
        return frozenset(name for schema, _ in self.choices for name in schema.get("properties", ()))

    def having(self, members: Mapping[str, object]) -> Form:
        """Give what is left when members that tell the choices apart hold these constants."""
        return Form(tuple(it for it in self.choices if not any(_denies(it, *member) for member in members.items())))

    def takes(self, value: object) -> bool:
        """Whether a constant may stand here."""
        return any(_takes(schema, value) for schema, _ in self.choices)

    def words(self) -> tuple[str, ...]:
        """Give the words of which one must stand here; none when other values may."""
        told = [schema for schema, _ in self.choices if schema.get("type") != "null"]
        found = (word for schema in told for word in schema.get("enum", [schema.get("const")]))
        closed = all("enum" in schema or "const" in schema for schema in told)
        return tuple(dict.fromkeys(str(word) for word in found)) if closed else ()


@cache
def form(name: str) -> Form:
    """Give the form of one of the schemas (`schema.NAMES`)."""
    return Form(tuple(_choices(load(name), load(name))))


def _choices(schema: Schema, root: Schema) -> Iterator[_Choice]:
    schema, root = resolve(schema, root)
    inner = schema.get("anyOf") or schema.get("oneOf")
    if inner and "properties" not in schema:
        for choice in inner:
            yield from _choices(choice, root)
    else:
        yield schema, root


def _member(choice: _Choice, name: str) -> Iterator[_Choice]:
    schema, root = choice
    if name in schema.get("properties", ()):
        yield from _choices(schema["properties"][name], root)
    elif _of_type(schema, "object") and schema.get("additionalProperties", True) is not False:
        yield _ANYTHING


def _item(choice: _Choice) -> Iterator[_Choice]:
    schema, root = choice
    if _of_type(schema, "array"):
        yield from _choices(schema["items"], root) if "items" in schema else (_ANYTHING,)


def _denies(choice: _Choice, name: str, value: object) -> bool:
    return any("const" in schema and schema["const"] != value for schema, _ in _member(choice, name))


def _of_type(schema: Schema, wanted: str) -> bool:
    types = schema.get("type", wanted)
    return wanted in types if isinstance(types, list) else wanted == types


def _takes(schema: Schema, value: object) -> bool:
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    known = [name for name, types in _TYPES.items() if isinstance(value, types) and _exact(name, value)]
    return value is None or any(_of_type(schema, name) for name in known)


def _exact(name: str, value: object) -> bool:
    return name == "boolean" or not isinstance(value, bool)
