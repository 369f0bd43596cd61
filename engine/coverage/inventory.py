"""The fields of a protocol: a JSON Schema for each, shipped or a user's own, and samples of values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

_SUFFIX = ".schema.json"
_SAMPLES = ".samples.json"


@dataclass(frozen=True, slots=True)
class Inventory:
    """The named types of one protocol, under `$defs`; `request` and `response` are where a message starts."""

    protocol: str
    types: Mapping[str, Schema]

    def open(self, schema: Schema, above: frozenset[str] = frozenset()) -> tuple[Schema, frozenset[str]] | None:
        """Follow references; with the names that were followed, or None when one of them is already `above`."""
        while "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name in above:
                return None
            above |= {name}
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**self.types[name], **beside}
        return schema, above


def load_inventories(user: Path | None = None) -> dict[str, Inventory]:
    """Read every inventory that is shipped, and those in `schema/protocols/` of a user's folder, which win."""
    folders: list[Traversable] = [files("torouter.schema") / "protocols"]
    folders += [user / "schema" / "protocols"] if user is not None else []
    return {inventory.protocol: inventory for folder in folders for inventory in _read(folder)}


def with_samples(types: Mapping[str, Schema], samples: Mapping[str, list[Any]]) -> dict[str, Schema]:
    """Give the types with samples as their examples: of a `Type`, or of a member at any depth, `Type.member.inner`."""
    told: dict[str, Any] = deepcopy(dict(types))
    for place, values in samples.items():
        name, *steps = place.split(".")
        holders = [told[name]] if name in told else []
        for step in steps:
            holders = [shape["properties"][step] for holder in holders for shape in _shapes(holder, step)]
        for holder in holders:
            holder["examples"] = values
    return told


def _shapes(schema: Any, member: str) -> Iterator[Any]:
    """Give the shapes of a schema, items of a list among them, that have a member."""
    if member in schema.get("properties", {}):
        yield schema
    for inner in (*schema.get("anyOf", ()), *((schema["items"],) if "items" in schema else ())):
        yield from _shapes(inner, member)


def _read(folder: Traversable) -> Iterator[Inventory]:
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(_SUFFIX):
            continue
        name = file.name.removesuffix(_SUFFIX)
        samples = folder / f"{name}{_SAMPLES}"
        given = json.loads(samples.read_text("utf-8")) if samples.is_file() else {}
        yield Inventory(name, with_samples(json.loads(file.read_text("utf-8"))["$defs"], given))
