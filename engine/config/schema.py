"""The JSON Schemas of all file kinds, and the check of documents against them with sentences of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

from ..diagnostics import Diagnostics, did_you_mean
from .document import Where
from .marks import Path
from .wording import as_meant, expected_of, found, limit_of, shown

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

ROUTE = "route"
DIALECT = "dialect"
SANDBOX = "sandbox"
CASES = "cases"
TRANSFORM_KINDS = (
    "protocol",
    "request.decode",
    "request.encode",
    "response.decode",
    "response.encode",
    "stream.decode",
    "stream.encode",
    "error.decode",
    "error.encode",
    "count.decode",
    "count.encode",
    "models.encode",
    "stored.encode",
)
KINDS = (ROUTE, SANDBOX, CASES, *TRANSFORM_KINDS, DIALECT)


class Placed(Protocol):
    """Data that knows where each of its values is written."""

    def at(self, *keys: str | int) -> Where: ...


@cache
def schema_text(kind: str) -> str:
    """The JSON Schema of a file kind as it is shipped; raises KeyError for an unknown kind."""
    if kind not in KINDS:
        raise KeyError(kind)
    folder = files("torouter.schema")
    home = folder if kind in (ROUTE, SANDBOX) else folder / "transform"
    return (home / f"{kind}.schema.json").read_text("utf-8")


@cache
def _validator(kind: str, definition: str | None = None) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # the library is only there for files that are not known

    schema = json.loads(schema_text(kind))
    if definition:
        schema = {"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}
    return Draft202012Validator(schema)


def check_document(root: Where, kind: str, diagnostics: Diagnostics) -> set[Path]:
    """Check a document of a kind; the paths of all values that are wrong."""
    return check_value(root.value, root, kind, diagnostics)


def check_value(
    value: object, places: Placed, kind: str, diagnostics: Diagnostics, definition: str | None = None
) -> set[Path]:
    """Check a value against a kind, or against one definition of that kind; the paths of all values that are wrong."""
    errors = [leaf for error in _validator(kind, definition).iter_errors(value) for leaf in _leaves(error)]
    stray = {path for error in errors for path in _stray_paths(error)}
    wrong: set[Path] = set()
    for error in errors:
        if not _is_removal(error, value):
            wrong.update(_report(error, places, stray, diagnostics))
    return wrong


def _is_removal(error: ValidationError, value: Any) -> bool:
    """Whether a value is the null that removes a member from an entry that extends another."""
    path = tuple(error.absolute_path)
    if error.instance is not None or len(path) < 3:
        return False
    entry = value[path[0]][path[1]]
    return isinstance(entry, dict) and "extends" in entry


def _stray_paths(error: ValidationError) -> set[Path]:
    """The paths of keys that have no meaning, when that is what an error says."""
    if error.validator != "additionalProperties":
        return set()
    known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    instance: Any = error.instance
    return {(*error.absolute_path, name) for name in instance if name not in known}


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """The errors that say what is wrong: for alternatives, those of the alternative that was most likely meant."""
    if not error.context:
        yield error
        return
    branches: dict[Any, list[ValidationError]] = {}
    for child in error.context:
        branches.setdefault(child.relative_schema_path[0], []).append(child)
    fitting = [errors for errors in branches.values() if not any(_is_mismatch(child, error) for child in errors)]
    if not fitting:
        yield error
        return
    for child in min(fitting, key=_distance):
        yield from _leaves(child)


def _distance(errors: list[ValidationError]) -> int:
    """How far a value is from an alternative: every stray key and every other error counts."""
    return sum(max(1, len(_stray_paths(error))) for error in errors)


def _is_mismatch(child: ValidationError, parent: ValidationError) -> bool:
    """Whether an alternative is of another type than the value, so that it was not meant."""
    return child.absolute_path == parent.absolute_path and child.validator in ("type", "const")


def _report(error: ValidationError, places: Placed, stray: set[Path], diagnostics: Diagnostics) -> set[Path]:
    """Add the diagnostics of one error; the paths of what is wrong."""
    path = tuple(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, str(error.instance))
        code, message = _custom(error, "bad-value")
        names: Any = error.validator_value if error.validator == "enum" else ()
        said = f'"{error.instance}": {message or "no legal name"}'
        diagnostics.error(code, places.at(*path).own_key(), said, help=did_you_mean(str(error.instance), names))
        return {path}
    here = places.at(*path)
    match error.validator:
        case "additionalProperties":
            _stray_keys(error, places, diagnostics)
            return _stray_paths(error)
        case "required":
            _missing_key(error, here, {str(other[-1]) for other in stray if other[:-1] == path}, diagnostics)
        case "dependentRequired":
            _missing_partners(error, places, diagnostics)
        case "type" | "anyOf" | "oneOf":
            _mistyped(error, here, diagnostics)
        case "enum":
            allowed: Any = error.validator_value
            names = [str(name) for name in allowed]
            message = f"{shown(error.instance)} is not one of {', '.join(names)}"
            diagnostics.error("bad-value", here, message, help=did_you_mean(str(error.instance), names))
        case _:
            code, message = _custom(error, "bad-value")
            help = as_meant(code, "", error.instance, error.schema)
            diagnostics.error(code, here, message or f"{_named(here)}{limit_of(error)}", help=help)
    return {path}


def _stray_keys(error: ValidationError, places: Placed, diagnostics: Diagnostics) -> None:
    known = _known(error)
    instance: Any = error.instance
    free = [name for name in known if name not in instance]
    for path in sorted(_stray_paths(error), key=str):
        name = str(path[-1])
        help = did_you_mean(name, free) or f"known here: {', '.join(sorted(known))}"
        diagnostics.error("unknown-key", places.at(*path).own_key(), f'"{name}" has no meaning here', help=help)


def _known(error: ValidationError) -> dict[str, object]:
    """The members that a mapping may have, those of all its alternatives."""
    near = [error]
    if error.parent is not None and _is_alternative(error):
        near += [other for other in error.parent.context or () if other.absolute_path == error.absolute_path]
    schemas = [each.schema for each in near if isinstance(each.schema, Mapping)]
    return {name: inner for schema in schemas for name, inner in schema.get("properties", {}).items()}


def _is_alternative(error: ValidationError) -> bool:
    """Whether an error is one of several alternatives."""
    return error.parent is not None and error.parent.validator in ("anyOf", "oneOf")


def _missing_key(error: ValidationError, here: Where, stray: set[str], diagnostics: Diagnostics) -> None:
    required: Any = error.validator_value
    # jsonschema reports each missing member on its own and names it only in its sentence.
    name = next(key for key in required if error.message.startswith(f"{key!r} "))
    # Which of several forms was meant, nobody can tell from a mapping of stray keys only.
    unclear = (
        _is_alternative(error) and isinstance(error.instance, dict) and bool(stray) and stray == set(error.instance)
    )
    # A key that was only misspelt has been reported as such.
    if not unclear and not did_you_mean(name, stray):
        diagnostics.error("missing-key", here.own_key(), f'"{name}" is missing here')


def _missing_partners(error: ValidationError, places: Placed, diagnostics: Diagnostics) -> None:
    instance: Any = error.instance
    needs: Any = error.validator_value
    for name, partners in needs.items():
        for partner in partners:
            if name in instance and partner not in instance:
                where = places.at(*error.absolute_path, name).own_key()
                diagnostics.error("missing-partner", where, f'"{name}" needs "{partner}" beside it')


def _mistyped(error: ValidationError, here: Where, diagnostics: Diagnostics) -> None:
    code, sentence = _custom(error, "wrong-type")
    expected = expected_of(error.schema)
    message = f"{_named(here)}expected {expected}, found {found(error.instance)}"
    if code != "wrong-type" and sentence:
        message = sentence
    diagnostics.error(code, here, message, help=as_meant(code, expected, error.instance, error.schema))


def _named(here: Where) -> str:
    """The key of a value, to begin a sentence that is read without its line."""
    return f'"{here.path[-1]}": ' if here.path and isinstance(here.path[-1], str) else ""


def _custom(error: ValidationError, default: str) -> tuple[str, str]:
    """The code and sentence that a schema gives for its own values, if it does."""
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    return schema.get("x-code", default), schema.get("patternErrorMessage", "")
