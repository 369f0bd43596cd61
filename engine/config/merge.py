"""Layers put together: entries merged by id, `extends` patches, `null` removes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..diagnostics import Diagnostics, Label, did_you_mean
from .document import Document, Where
from .marks import Path

# Sections whose members are entries with an id; the rest are lists.
ENTRY_SECTIONS = (
    "auth", "surfaces", "endpoints", "providers", "models", "variants", "groups", "keys", "policies", "settings",
)  # fmt: skip
LIST_SECTIONS = ("mounts", "capabilities", "prices")

_EMPTY = "an empty entry removes one; what an entry says is indented below its name"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a section with the places that it was merged from, nearest first.

    `sound` tells whether everything in it has the right form, so that it can be built.
    """

    section: str
    id: str
    value: Any
    origins: tuple[Where, ...]
    sound: bool = True

    def at(self, *keys: str | int) -> Where:
        """The place where a value of this entry is written."""
        for origin in self.origins:
            where = origin.at(*keys)
            if where.exists:
                return where
        return self.origins[0].at(*keys)

    @property
    def key(self) -> Where:
        """The place where the id of this entry is written."""
        return self.origins[0].own_key()


@dataclass(frozen=True, slots=True)
class LoadedRoute:
    """A route document and the paths in it that are wrong."""

    document: Document
    wrong: frozenset[Path] = field(default_factory=frozenset)

    def is_sound(self, path: Path) -> bool:
        """Whether nothing at or in a path is wrong."""
        return not any(bad[: len(path)] == path for bad in self.wrong)


Sections = dict[str, dict[str, Entry]]


def merge_routes(layers: Iterable[Iterable[LoadedRoute]], diagnostics: Diagnostics) -> Sections:
    """The entries of all layers, from the lowest to the highest; entries of higher layers come first."""
    merged: Sections = {name: {} for name in (*ENTRY_SECTIONS, *LIST_SECTIONS)}
    for layer in layers:
        routes = list(layer)
        for section in ENTRY_SECTIONS:
            own = _collect(section, routes, diagnostics)
            merged[section] = _overlay(merged[section], own, diagnostics)
        merged["mounts"] = _mounts(routes, diagnostics) or merged["mounts"]
        for section in ("capabilities", "prices"):
            merged[section] |= _dated(section, routes, len(merged[section]))
    return merged


def _collect(section: str, routes: list[LoadedRoute], diagnostics: Diagnostics) -> dict[str, Entry]:
    """The entries of one section of one layer; an id that comes twice is an error."""
    found: dict[str, Entry] = {}
    for route in routes:
        members = _member(route.document.data, section)
        if not isinstance(members, dict):
            continue
        for name, value in members.items():
            where = route.document.root.at(section, name)
            entry = Entry(section, name, value, (where,), route.is_sound((section, name)))
            if name in found:
                label = Label(found[name].key.span(), "first defined here")
                message = f'"{name}" is defined twice in {section}'
                diagnostics.error("duplicate-id", entry.key, message, labels=[label])
            else:
                found[name] = entry
    return found


def _overlay(below: Mapping[str, Entry], own: Mapping[str, Entry], diagnostics: Diagnostics) -> dict[str, Entry]:
    """One layer's entries over those of the layers below."""
    result: dict[str, Entry] = {}
    for name, entry in own.items():
        if entry.value is None:
            if name not in below:
                help = did_you_mean(name, below) or _EMPTY
                message = f'there is no "{name}" below to remove from {entry.section}'
                diagnostics.warning("unknown-removal", entry.key, message, help=help)
            continue
        result[name] = _resolve(entry, below, own, (), diagnostics)
    return result | {name: entry for name, entry in below.items() if name not in own}


def _resolve(
    entry: Entry, below: Mapping[str, Entry], own: Mapping[str, Entry], above: tuple[str, ...], diagnostics: Diagnostics
) -> Entry:
    """The entry with all that it extends merged beneath it."""
    base_id = _member(entry.value, "extends")
    if not isinstance(base_id, str):
        return entry
    patch = {key: value for key, value in entry.value.items() if key != "extends"}
    broken = Entry(entry.section, entry.id, patch, entry.origins, sound=False)
    # An entry that extends its own id means the one that it covers.
    candidates = below if base_id == entry.id else {**below, **own}
    base = candidates.get(base_id)
    if base is None or base.value is None:
        help = did_you_mean(base_id, candidates)
        message = f'there is no "{base_id}" in {entry.section} to extend'
        diagnostics.error("unknown-base", entry.at("extends"), message, help=help)
        return broken
    if base_id in above:
        circle = " → ".join((*above, entry.id, base_id))
        diagnostics.error("base-cycle", entry.at("extends"), f"these entries extend each other: {circle}")
        return broken
    if base_id != entry.id:
        base = _resolve(base, below, own, (*above, entry.id), diagnostics)
    value = _patched(base.value, patch)
    return Entry(entry.section, entry.id, value, entry.origins + base.origins, entry.sound and base.sound)


def _patched(base: Any, patch: Any) -> Any:
    """Mappings are merged member by member, null removes a member, all else is replaced."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    merged = dict(base)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _patched(base.get(key), value)
    return merged


def _mounts(routes: list[LoadedRoute], diagnostics: Diagnostics) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for route in routes:
        value = _member(route.document.data, "mounts")
        if value is None:
            continue
        entry = Entry("mounts", "mounts", value, (route.document.root.at("mounts"),), route.is_sound(("mounts",)))
        if found:
            label = Label(found["mounts"].key.span(), "first given here")
            diagnostics.error("duplicate-id", entry.key, "mounts are given twice", labels=[label])
        else:
            found["mounts"] = entry
    return found


def _dated(section: str, routes: list[LoadedRoute], count: int) -> dict[str, Entry]:
    """All facts or prices of a layer; they come after those of the layers below, so that they win."""
    found: dict[str, Entry] = {}
    for route in routes:
        value = _member(route.document.data, section)
        for index, fact in enumerate(value if isinstance(value, list) else ()):
            path: Path = (section, index)
            where = route.document.root.at(*path)
            name = str(count + len(found))
            found[name] = Entry(section, name, fact, (where,), route.is_sound(path))
    return found


def _member(data: object, name: str) -> Any:
    return data.get(name) if isinstance(data, dict) else None
