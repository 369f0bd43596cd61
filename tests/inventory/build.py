"""The inventories of the protocols' fields, made of the published specifications and the overlays beside them.

    python -m tests.inventory.build

A specification is read from the folder of recorded traffic; an overlay says in `schema/protocols/overlay/` what it lacks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.inventory.overlay import apply
from tests.inventory.spec import Schema, definitions, references
from tests.support.corpus import PROJECT, root

FOLDER = PROJECT / "schema" / "protocols"
ROOTS = ("request", "response", "error")
STREAMED = "event"


def protocols() -> list[str]:
    """The protocols that have an overlay."""
    return sorted(file.stem for file in (FOLDER / "overlay").glob("*.yaml") if "." not in file.stem)


def build(protocol: str) -> Schema:
    """The inventory of one protocol. Raises OverlayError."""
    about = overlay(FOLDER / "overlay" / f"{protocol}.yaml")
    spec = about["spec"]
    types = definitions(root() / "specs" / spec["file"], about.get("prefix", ""), about.get("vertex", ""))
    if about.get("null") == "never":
        types = {name: never_null(schema) for name, schema in types.items()}
    types = renamed(types, {source: name for name, source in about["roots"].items() if source})
    for name, other in about.get("takes", {}).items():
        types |= taken(name, other)
    apply(types, about["changes"])
    layers = [overlay(file) for file in sorted((FOLDER / "overlay").glob(f"{protocol}.*.yaml"))]
    for layer in layers:
        apply(types, layer["changes"], layer["dialect"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{protocol}.schema.json",
        "title": about["title"],
        "x-sources": [
            {k: v for k, v in spec.items() if k != "file"},
            *({"name": layer["source"], "date": layer["date"]} for layer in [about, *layers]),
        ],
        "x-dialects": sorted({layer["dialect"] for layer in layers} | ({"vertex"} if about.get("vertex") else set())),
        "$defs": {name: types[name] for name in sorted(reachable(types, roots(types)))},
    }


def taken(name: str, other: str) -> dict[str, Schema]:
    """A type of another protocol's inventory with all it refers to, as that protocol's own service takes them."""
    types: dict[str, Schema] = build(other)["$defs"]
    return {each: types[each] for each in reachable(types, [name])}


def overlay(file: Path) -> dict[str, Any]:
    """An overlay file as it is written."""
    data: dict[str, Any] = YAML(typ="safe").load(file)
    shared = {word: data[word] for word in ("source", "date") if word in data}
    return {**data, "changes": [shared | change for change in data["changes"]]}


def renamed(types: dict[str, Schema], names: dict[str, str]) -> dict[str, Schema]:
    """The types with those of `names` under their new names, wherever they are referred to."""

    def walk(schema: Any) -> Any:
        if isinstance(schema, list):
            return [walk(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            target = schema["$ref"].rpartition("/")[2]
            return {**schema, "$ref": f"#/$defs/{names.get(target, target)}"}
        return {key: walk(value) for key, value in schema.items()}

    return {names.get(name, name): walk(schema) for name, schema in types.items()}


def never_null(schema: Any) -> Any:
    """A schema in which nothing may be null: a library's way to say that a member may be missing."""
    if isinstance(schema, list):
        return [never_null(item) for item in schema if item != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    plain = {key: never_null(value) for key, value in schema.items()}
    options = plain.get("anyOf", [])
    if len(options) == 1:
        del plain["anyOf"]
        return options[0] | plain
    return plain


def roots(types: dict[str, Schema]) -> list[str]:
    """Where messages of a protocol begin; not every protocol has streams."""
    return [*ROOTS, STREAMED] if STREAMED in types else [*ROOTS]


def reachable(types: dict[str, Schema], starts: Iterable[str]) -> set[str]:
    """The names of some types and of all they refer to."""
    found: set[str] = set()
    queue = list(starts)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue.extend(references(types[name]))
    return found


def text(inventory: Schema) -> str:
    """An inventory as its file holds it."""
    return json.dumps(inventory, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Write every inventory."""
    for protocol in protocols():
        (FOLDER / f"{protocol}.schema.json").write_text(text(build(protocol)))


if __name__ == "__main__":
    main()
