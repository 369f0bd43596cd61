"""The inventories as judges: what is wrong with a message of a protocol, in plain lines.

A judge knows the protocol's own fields and those of the dialects that it is asked to allow. Messages of the same outline
are judged once, since a check is slow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from tests.support.corpus import PROJECT

Schema = dict[str, Any]
Allowed = frozenset[str]
STANDARD: Allowed = frozenset()


def findings(protocol: str, what: str, body: Any, dialects: Allowed = STANDARD) -> list[str]:
    """What is wrong with a request, response, event or error; `dialects` names those whose additions are allowed."""
    return _judge(protocol, dialects).findings(what, body)


@cache
def _judge(protocol: str, dialects: Allowed) -> Judge:
    return Judge(read(protocol), dialects)


@cache
def read(protocol: str) -> Schema:
    """The inventory of a protocol as its file holds it."""
    inventory: Schema = json.loads((PROJECT / "schema" / "protocols" / f"{protocol}.schema.json").read_bytes())
    return inventory


def view(schema: Any, dialects: Allowed) -> Any:
    """The part of an inventory that holds for some dialects; for none of them it is the protocol's own."""
    if isinstance(schema, list):
        return [view(item, dialects) for item in schema if _seen(item, dialects)]
    if not isinstance(schema, dict):
        return schema
    plain = {key: view(value, dialects) for key, value in schema.items() if _seen(value, dialects)}
    if len(plain.get("anyOf", ())) == 1:
        plain |= plain.pop("anyOf")[0]
    owed = [name for name, missing in schema.get("x-required", {}).items() if dialects.isdisjoint(missing)]
    return plain | ({"required": [*plain.get("required", []), *owed]} if owed else {})


def _seen(schema: Any, dialects: Allowed) -> bool:
    marked = schema.get("x-dialects") if isinstance(schema, dict) else None
    return not isinstance(marked, list) or not dialects.isdisjoint(marked)


class Judge:
    """One protocol with some dialects."""

    def __init__(self, inventory: Schema, dialects: Allowed) -> None:
        self._types: Mapping[str, Schema] = view(inventory["$defs"], dialects)
        self._words = _words(self._types)
        self._kind = extend(Draft202012Validator, {"anyOf": self._any_of})
        self._validators: dict[str, Any] = {}
        self._seen: dict[str, list[str]] = {}

    def findings(self, what: str, body: Any) -> list[str]:
        """One line for everything that does not fit."""
        key = what + outline(body, self._words)
        if key not in self._seen:
            if what not in self._validators:
                self._validators[what] = self._kind({"$ref": f"#/$defs/{what}", "$defs": self._types})
            errors = sorted(self._validators[what].iter_errors(body), key=lambda error: error.json_path)
            self._seen[key] = [f"{what} {error.json_path}: {_told(error)}" for error in errors]
        return self._seen[key]

    def _any_of(
        self, validator: Any, options: list[Schema], instance: Any, schema: Schema
    ) -> Iterator[ValidationError]:
        """The findings of the one shape that the value's own words choose, or of the shape that nearly fits."""
        fitting = [option for option in options if self._chosen(option, instance)]
        if not fitting:
            yield ValidationError("fits none of the shapes here")
            return
        found: list[list[ValidationError]] = []
        for option in fitting:
            found.append(list(validator.descend(instance, option)))
            if not found[-1]:
                return
        yield from min(found, key=len)

    def _chosen(self, option: Schema, instance: Any) -> bool:
        """Whether a shape is of the value's type, and its constants are the value's."""
        while "$ref" in option:
            option = self._types[option["$ref"].rpartition("/")[2]]
        if "anyOf" in option:
            return any(self._chosen(inner, instance) for inner in option["anyOf"])
        if not isinstance(instance, dict):
            return option.get("type") in (None, *_TYPES[type(instance)])
        if option.get("type") != "object":
            return "type" not in option and "const" not in option and "enum" not in option
        consts = {name: member["const"] for name, member in option.get("properties", {}).items() if "const" in member}
        return all(
            instance.get(name) == value
            for name, value in consts.items()
            if name in instance or name in option.get("required", ())
        )


_TYPES: dict[type, tuple[str, ...]] = {
    str: ("string",), bool: ("boolean",), int: ("integer", "number"), float: ("number", "integer"), list: ("array",), type(None): ("null",),
}  # fmt: skip


def _told(error: ValidationError) -> str:
    if error.validator == "additionalProperties":
        extra = sorted(set(error.instance) - set(error.schema.get("properties", {})))
        return f"unknown {', '.join(extra)}"
    return str(error.message)[:160]


def _words(schema: Any) -> frozenset[str]:
    """The names of members whose very value matters: constants, named values, patterns and bounds."""
    found: set[str] = set()
    queue = [schema]
    while queue:
        item = queue.pop()
        if isinstance(item, list):
            queue.extend(item)
        elif isinstance(item, dict):
            for name, member in item.get("properties", {}).items() if isinstance(item.get("properties"), dict) else ():
                if any(
                    word in json.dumps(member)
                    for word in ('"const"', '"enum"', '"pattern"', '"minimum"', '"maximum"', '"$ref"')
                ):
                    found.add(name)
            queue.extend(item.values())
    return frozenset(found)


def outline(body: Any, words: frozenset[str]) -> str:
    """A message with its values replaced by their types, but for words that choose or limit."""

    def plain(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {k: plain(v, k) for k, v in sorted(value.items())}
        if isinstance(value, list):
            return [plain(item, key) for item in value]
        return value if key in words and not (isinstance(value, str) and len(value) > 64) else type(value).__name__

    return json.dumps(plain(body, ""))
