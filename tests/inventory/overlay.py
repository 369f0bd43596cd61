"""Small changes to an inventory, each with its reason: what the published specification lacks or says wrongly.

A change names a place, `Type`, `Type.member` or `Type.member[]`, and does one thing or several there:

    define: {Name: schema}      new types (no place is named)
    add: {name: schema}         members; a member that exists is an error
    remove: [name]              members, named values or named shapes that are there
    optional / require: [name]  members that may or must be missing
    nullable: [name]            members that may be null
    values: [value]             further named values
    branch: schema              one more shape
    set: schema                 another schema altogether
    mark: {word: value}         words beside the schema: x-opaque, examples

In a dialect's overlay, what is added is marked `x-dialects`, and what is made optional is remembered in `x-required`:
without those marks the schema is the protocol's own.
"""

from __future__ import annotations

from typing import Any

from tests.inventory.spec import Schema, union

ABOUT = {"at", "define", "why", "source", "date"}


class OverlayError(Exception):
    """A change that does not fit the specification: it is stale, or names a place that is not there."""


def apply(definitions: dict[str, Schema], changes: list[Schema], dialect: str = "") -> None:
    """Apply changes in their order, in place. Raises OverlayError."""
    for change in changes:
        missing = {"why", "source", "date"} - set(change)
        if missing:
            raise OverlayError(f"{change.get('at', 'define')}: a change needs {', '.join(sorted(missing))}")
        for name, schema in change.get("define", {}).items():
            if name in definitions:
                raise OverlayError(f"{name} is already defined")
            definitions[name] = full(schema)
        places = change.get("at", [])
        for at in places if isinstance(places, list) else [places]:
            for word in [word for word in change if word not in ABOUT]:
                try:
                    _Change(definitions, at, dialect).do(word, change[word])
                except (KeyError, IndexError, TypeError, ValueError) as problem:
                    raise OverlayError(f"{at}: {word}: {problem!r}") from problem


def full(schema: Any) -> Any:
    """A schema of an overlay with its references written out and its objects closed."""
    if isinstance(schema, list):
        return [full(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    whole = {key: full(value) if key in ("anyOf", "items") else value for key, value in schema.items()}
    if "properties" in schema:
        whole["properties"] = {name: full(member) for name, member in sorted(schema["properties"].items())}
        whole = {"type": "object", "additionalProperties": False, **whole}
    return whole


class _Change:
    """One change at one place."""

    def __init__(self, definitions: dict[str, Schema], at: str, dialect: str) -> None:
        self.definitions, self.at, self.dialect = definitions, at, dialect

    def do(self, word: str, value: Any) -> None:
        method = getattr(self, f"do_{word}", None)
        if method is None:
            raise OverlayError(f"{self.at}: {word} is no change")
        method(value)

    def node(self) -> Schema:
        """The schema at the place; a shape among several is found by the member that is asked for."""
        first, *rest = self.at.replace("[]", ".[]").split(".")
        node = self.definitions[first]
        for step in rest:
            node = self.holder(node, "items" if step == "[]" else "properties", step)
            node = node["items"] if step == "[]" else node["properties"][step]
        return node

    def holder(self, node: Schema, word: str, step: str = "") -> Schema:
        """The one shape of a node that has members, or items."""
        for _ in range(3):
            if "$ref" in node:
                node = self.definitions[node["$ref"].rpartition("/")[2]]
            fitting = [
                o for o in node.get("anyOf", ()) if word in o and (word == "items" or not step or step in o[word])
            ]
            node = fitting[0] if fitting else node
        if word not in node:
            raise KeyError(f"no {word}")
        return node

    def marked(self, schema: Any) -> Schema:
        """What a dialect adds, with its name."""
        schema = full(schema)
        return {**schema, "x-dialects": [self.dialect]} if self.dialect else schema

    def do_add(self, members: dict[str, Schema]) -> None:
        properties = self.holder(self.node(), "properties")["properties"]
        for name, schema in members.items():
            known = properties.get(name)
            if known is None:
                properties[name] = self.marked(schema)
            elif "x-dialects" in known and self.dialect:
                properties[name] = self.shared(known, full(schema))
            else:
                raise OverlayError(f"{self.at}.{name} is already there")

    def shared(self, known: Schema, schema: Schema) -> Schema:
        """A member of several dialects: any of the shapes they give it."""
        dialects = sorted({*known["x-dialects"], self.dialect})
        plain = {key: value for key, value in known.items() if key != "x-dialects"}
        return {**union([plain, schema]), "x-dialects": dialects}

    def do_remove(self, names: list[Any]) -> None:
        node = self.node()
        if "enum" in node:
            for name in names:
                node["enum"].remove(name)
            return
        if "anyOf" in node:
            found = {option.get("$ref", "").rpartition("/")[2] for option in node["anyOf"]}
            if not found.issuperset(names):
                raise OverlayError(f"{self.at}: no shape here is {', '.join(sorted({*names} - found))}")
            node["anyOf"] = [
                option for option in node["anyOf"] if option.get("$ref", "").rpartition("/")[2] not in names
            ]
            return
        node = self.holder(node, "properties")
        for name in names:
            del node["properties"][name]
        node["required"] = [name for name in node.get("required", []) if name not in names]
        if not node["required"]:
            del node["required"]

    def do_optional(self, names: list[str]) -> None:
        node = self.holder(self.node(), "properties")
        for name in names:
            if name in node.get("required", ()):
                node["required"] = [other for other in node["required"] if other != name]
            elif not (self.dialect and name in node.get("x-required", ())):
                raise OverlayError(f"{self.at}.{name} is not required")
            if self.dialect:
                missing = node.setdefault("x-required", {})
                missing[name] = sorted({*missing.get(name, []), self.dialect})
        if not node.get("required", True):
            del node["required"]

    def do_require(self, names: list[str]) -> None:
        node = self.holder(self.node(), "properties")
        node["required"] = sorted({*node.get("required", []), *names})

    def do_nullable(self, names: list[str]) -> None:
        properties = self.holder(self.node(), "properties")["properties"]
        for name in names:
            properties[name] = self.either(properties[name], {"type": "null"})

    def do_values(self, values: list[Any]) -> None:
        node = self.node()
        for value in values:
            whole = self.either(dict(node), {"const": value}) if self.dialect else {"enum": [*node["enum"], value]}
            node.clear()
            node.update(whole)

    def do_branch(self, schema: Schema) -> None:
        node = self.node()
        whole = self.either(dict(node), full(schema))
        node.clear()
        node.update(whole)

    def either(self, known: Schema, schema: Schema) -> Schema:
        """One more shape beside those known; of a dialect it carries the name, or joins those that have it already."""
        if not self.dialect:
            return union([known, schema])
        dialects = known.get("x-dialects", [])
        options = (
            [dict(option) for option in known["anyOf"]]
            if "anyOf" in known
            else [{k: v for k, v in known.items() if k != "x-dialects"}]
        )
        for option in options:
            if {k: v for k, v in option.items() if k != "x-dialects"} == schema:
                if "x-dialects" in option:
                    option["x-dialects"] = sorted({*option["x-dialects"], self.dialect})
                return {"anyOf": options} | ({"x-dialects": dialects} if dialects else {})
        return {"anyOf": [*options, {**schema, "x-dialects": [self.dialect]}]} | (
            {"x-dialects": dialects} if dialects else {}
        )

    def do_set(self, schema: Schema) -> None:
        node = self.node()
        node.clear()
        node.update(full(schema))

    def do_mark(self, words: Schema) -> None:
        self.node().update(words)
