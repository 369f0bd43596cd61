"""The words of shapes: which there are, which go together, and the checks of one mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..config.document import Where
from ..diagnostics import Diagnostics, did_you_mean
from .text import is_template

BODIES = ("$use", "$switch", "$lookup", "$merge", "$first", "$value", "$splice")
PARTNERS: Mapping[str, tuple[str, ...]] = {
    "$as": ("$each",),
    "$where": ("$each",),
    "$with": ("$use",),
    "$case": ("$switch",),
    "$of": ("$lookup",),
    "$else": ("$switch", "$lookup"),
}
NEEDS: Mapping[str, str] = {"$each": "$as", "$switch": "$case", "$lookup": "$of"}
WORDS = ("$each", "$let", "$when", "$nulls", *BODIES, *PARTNERS)
OBJECT_OF = "`object_of` makes an object of a list of `{key, value}`"
EVERYWHERE = ("target", "state", "memo")
_KINDS: Mapping[str, type] = {
    "$let": dict, "$with": dict, "$case": dict, "$merge": list, "$first": list, "$nulls": list,
    "$as": str, "$use": str, "$lookup": str,
}  # fmt: skip
_CALLED: Mapping[type, str] = {dict: "members", list: "a list", str: "a name"}


@dataclass(frozen=True, slots=True)
class Definition:
    """A reusable shape: the names of its arguments, and where it is written."""

    args: tuple[str, ...]
    make: Where


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tables and definitions that the files of one protocol share; `used` collects those that are."""

    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)


def indices(value: object) -> range:
    """Give the places of a list's entries; none of anything else."""
    return range(len(value)) if isinstance(value, list) else range(0)


def check(where: Where, value: Mapping[str, Any], diagnostics: Diagnostics) -> str | None:
    """Check the words of one mapping and give its body word, if it has one."""
    words = [name for name in value if name.startswith("$")]
    for word in words:
        _check_word(where, word, value, diagnostics)
    bodies = [word for word in words if word in BODIES]
    members = [name for name in value if not name.startswith("$")]
    for name in members:
        if name.startswith("=") or is_template(name):
            message = "the name of a member stands for itself; it is no expression"
            diagnostics.error("computed-name", where.key(name), message, help=OBJECT_OF)
    if len(bodies) > 1 or (bodies and members):
        second = bodies[1] if len(bodies) > 1 else members[0]
        message = f"`{second}` beside `{bodies[0]}`: a mapping has one body"
        diagnostics.error("two-bodies", where.key(second), message, help="combine them with `$merge`")
    return bodies[0] if bodies else None


def _check_word(where: Where, word: str, value: Mapping[str, Any], diagnostics: Diagnostics) -> None:
    if word not in WORDS:
        message = f"there is no word `{word}`"
        diagnostics.error("unknown-word", where.key(word), message, help=did_you_mean(word, WORDS))
        return
    partners = PARTNERS.get(word)
    if partners and not any(partner in value for partner in partners):
        wanted = " or ".join(f"`{partner}`" for partner in partners)
        diagnostics.error("missing-partner", where.key(word), f"`{word}` needs {wanted} beside it")
    needed = NEEDS.get(word)
    if needed and needed not in value:
        diagnostics.error("missing-partner", where.key(word), f"`{word}` needs `{needed}` beside it")
    if word == "$nulls" and isinstance(value[word], list):
        for index, name in enumerate(value[word]):
            if not isinstance(name, str):
                diagnostics.error("wrong-type", where.at(word, index), "`$nulls` takes the names of members")
    for index, entry in enumerate(value[word] if word == "$merge" and isinstance(value[word], list) else ()):
        if isinstance(entry, list) or (isinstance(entry, dict) and "$each" in entry):
            diagnostics.error("wrong-type", where.at(word, index), "`$merge` takes objects, not a list", help=OBJECT_OF)
    kind = _KINDS.get(word)
    if kind is not None and not isinstance(value[word], kind):
        diagnostics.error("wrong-type", where.at(word), f"`{word}` takes {_CALLED[kind]}")
