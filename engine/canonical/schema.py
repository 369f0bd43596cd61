"""The JSON Schemas of the canonical model, for tests and tools; nothing here runs per request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ..config.wording import expected_of, found, limit_of, shown
from ..diagnostics import did_you_mean

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Schema = dict[str, Any]
Path = tuple[str, ...]

NAMES = (
    "part", "request", "response", "event", "encoder_event", "error", "count", "model",
    "embedding_request", "embedding_response", "image_request", "image_response", "image_event",
)  # fmt: skip

GENERATION = "generation"
SUBJECTS = (GENERATION, "embedding", "image")
"""What a protocol's messages are about; each subject has a form of its requests and of its answers."""


def name_of(subject: str, root: str) -> str:
    """Return the name of the schema of a subject's `request` or `response`."""
    return root if subject == GENERATION else f"{subject}_{root}"


_PACKAGE = __name__.split(".", 1)[0] + ".schema"


@cache
def load(name: str) -> Schema:
    """Return one schema by its name (`NAMES`)."""
    text = (files(_PACKAGE) / "canonical" / f"{name}.schema.json").read_text("utf-8")
    schema: Schema = json.loads(text)
    return schema


def check_request(value: object, subject: str = GENERATION) -> list[str]:
    """Return what is wrong with a request, one `place: message` each; an empty list means it is sound."""
    return _check(name_of(subject, "request"), value)


def check_partial_request(members: Mapping[str, object]) -> list[tuple[Sequence[str | int], str]]:
    """Return what is wrong with some members of a request, each with its path; what is missing is not wrong."""
    errors = _validator("request").iter_errors(members)
    return [finding for error in errors if error.validator != "required" for finding in _findings(error)]


def _findings(error: ValidationError) -> Iterator[tuple[Sequence[str | int], str]]:
    """Yield what an error says, in sentences of our own."""
    path: tuple[str | int, ...] = tuple(error.absolute_path)
    schema: Any = error.schema
    value: Any = error.instance
    match error.validator:
        case "additionalProperties":
            for name in sorted(set(value) - set(schema["properties"])):
                yield (*path, name), _meant(f'"{name}" has no meaning here', name, schema["properties"])
        case "enum":
            message = f"{shown(value)} is not one of {', '.join(map(str, schema['enum']))}"
            yield path, _meant(message, value, schema["enum"])
        case "type":
            yield path, f"expected {expected_of(schema)}, found {found(value)}"
        case _:
            yield path, limit_of(error)


def _meant(message: str, name: object, known: Iterable[object]) -> str:
    """Return a message with the nearest of what is known."""
    hint = did_you_mean(str(name), map(str, known))
    return f"{message}; {hint}" if hint else message


def check_response(value: object, subject: str = GENERATION) -> list[str]:
    """Return what is wrong with a response; see `check_request`."""
    return _check(name_of(subject, "response"), value)


def check_event(value: object) -> list[str]:
    """Return what is wrong with a decoder event; see `check_request`."""
    return _check("event", value)


def check_encoder_event(value: object) -> list[str]:
    """Return what is wrong with an encoder event; see `check_request`."""
    return _check("encoder_event", value)


def check_error(value: object) -> list[str]:
    """Return what is wrong with an error; see `check_request`."""
    return _check("error", value)


@cache
def paths(name: str = "request") -> tuple[Path, ...]:
    """Return every known path of a schema, leaves only.

    `*` stands for a list item and `:kind` narrows to one kind: `("tools", "*", ":function", "strict")`. A list is
    followed into objects, not into plain values; the parts inside a tool result are not followed.
    """
    return tuple(_walk(load(name), load(name), ()))


@cache
def choices() -> dict[Path, tuple[str, ...]]:
    """Return the members of a request that may hold one of a few words only, with those words."""
    request = load("request")
    return {path: tuple(words) for path in paths() if (words := _at(request, request, path).get("enum"))}


@cache
def _validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # what is right is never held against a schema while requests run
    from referencing import Registry, Resource

    registry: Registry[Any] = Registry().with_resources(
        (load(each)["$id"], Resource.from_contents(load(each))) for each in NAMES
    )
    return Draft202012Validator(load(name), registry=registry)


def _check(name: str, value: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in _validator(name).iter_errors(value)]


def _walk(schema: Schema, root: Schema, path: Path) -> Iterator[Path]:
    schema, root = resolve(schema, root)
    if "oneOf" in schema and "properties" not in schema:
        for choice in schema["oneOf"]:
            narrowed, home = resolve(choice, root)
            yield from _walk(narrowed, home, (*path, ":" + narrowed["properties"]["kind"]["const"]))
    elif "properties" in schema:
        for member, inner in schema["properties"].items():
            if member != "kind" or path == ("format",):
                yield from _walk(inner, root, (*path, member))
    elif "items" in schema and path[-2:] != (":tool_result", "parts"):
        item, _ = resolve(schema["items"], root)
        yield from _walk(schema["items"], root, (*path, "*")) if "type" not in item or "properties" in item else [path]
    else:
        yield path


def _at(schema: Schema, root: Schema, path: Path) -> Schema:
    """Return the schema of the member at a path; nothing below the items of several kinds."""
    for step in path:
        schema, root = resolve(schema, root)
        schema = schema.get("items", {}) if step == "*" else schema.get("properties", {}).get(step, {})
    return resolve(schema, root)[0]


def resolve(schema: Schema, root: Schema) -> tuple[Schema, Schema]:
    """Follow the references of a schema to one that has none, and give the document it stands in, too."""
    while "$ref" in schema:
        document, _, pointer = schema["$ref"].partition("#")
        root = load(document.removesuffix(".schema.json")) if document else root
        schema = root
        for step in pointer.split("/")[1:]:
            schema = schema[step]
    return schema, root
