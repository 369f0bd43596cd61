"""One document laid over another: mappings are merged, null removes, and every value keeps its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..diagnostics import Diagnostics, Label, did_you_mean
from .document import Document, Where
from .marks import Path

BASE = "$base"
"""An entry of a list that stands for all entries of the list beneath."""


def patch_document(base: Document, patch: Where, diagnostics: Diagnostics) -> Document:
    """Give `base` with the mapping at `patch` laid over it; what the patch does not change is reported."""
    merge = _Merge(base, diagnostics)
    data = merge.member(base.data, patch, ())
    return replace(base, data=data, origins=merge.origins)


class _Merge:
    def __init__(self, base: Document, diagnostics: Diagnostics) -> None:
        self._base = base
        self._diagnostics = diagnostics
        self.origins: dict[Path, Where] = {(): base.root}

    def member(self, below: Any, patch: Where, path: Path) -> Any:
        """Give what stands at `path` in the end."""
        value: Any = patch.value
        if isinstance(value, dict) and isinstance(below, dict):
            return self._mapping(below, patch, path)
        self.origins[path] = patch
        if isinstance(value, list) and BASE in value:
            return self._list(below, patch, path)
        if value == below:
            label = Label(self._base.root.at(*path).own_key().span(), "said here")
            message = "this changes nothing: the base says the same"
            self._diagnostics.warning("idle-patch", patch.own_key(), message, labels=[label])
        return value

    def _mapping(self, below: dict[str, Any], patch: Where, path: Path) -> dict[str, Any]:
        value: Any = patch.value
        merged = dict(below)
        for name, member in value.items():
            if member is not None:
                merged[name] = self.member(below.get(name), patch.at(name), (*path, name))
            elif name in below:
                del merged[name]
            else:
                message = f'the base has no "{name}" to remove here'
                help = did_you_mean(name, below)
                self._diagnostics.warning("unknown-removal", patch.key(name), message, help=help)
        return merged

    def _list(self, below: Any, patch: Where, path: Path) -> list[Any]:
        value: Any = patch.value
        if not isinstance(below, list):
            message = f"there is no list beneath this one that `{BASE}` could stand for"
            self._diagnostics.error("unknown-base", patch.at(value.index(BASE)), message)
            below = []
        merged: list[Any] = []
        for index, item in enumerate(value):
            base = self._base.root.at(*path)
            entries = (
                [(entry, base.at(place)) for place, entry in enumerate(below)]
                if item == BASE
                else [(item, patch.at(index))]
            )
            for entry, origin in entries:
                self.origins[(*path, len(merged))] = origin
                merged.append(entry)
        return merged
