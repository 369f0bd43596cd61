"""Which files belong to a layer: route files, and the files of each protocol folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..diagnostics import Diagnostics, Span, did_you_mean
from .schema import DIALECT, ROUTE, TRANSFORM_KINDS

BUILTIN = "built-in"
USER = "user"

# Folders beside the files of a protocol that hold something else than its mappings.
_CASES = "cases"

# The folder beside those of the protocols that holds a patch on one of them in each file.
_DIALECTS = "dialects"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to load: its name in messages, its kind, and for mappings the protocol it belongs to."""

    name: str
    file: Traversable
    layer: str
    kind: str
    protocol: str | None = None


def builtin_sources(diagnostics: Diagnostics) -> list[Source]:
    """The files that are shipped."""
    routes, transforms = files("torouter.routes"), files("torouter.transforms")
    return [
        *_routes(routes, "routes", BUILTIN),
        *_transforms(transforms, "transforms", BUILTIN, diagnostics),
    ]


def user_sources(place: Path, diagnostics: Diagnostics) -> list[Source]:
    """The files of a user: one route file, or a folder with route files, `routes/` and `transforms/`."""
    if place.is_file():
        return [Source(str(place), place, USER, ROUTE)]
    if not place.is_dir():
        diagnostics.error("unreadable-file", Span(str(place), 1, 1), "there is no such file or folder")
        return []
    return [
        *_routes(place, str(place), USER),
        *_routes(place / "routes", str(place / "routes"), USER),
        *_transforms(place / "transforms", str(place / "transforms"), USER, diagnostics),
    ]


def _routes(folder: Traversable, name: str, layer: str) -> Iterator[Source]:
    for file in _children(folder):
        if file.is_file() and _is_yaml(file.name):
            yield Source(file.name if name == "." else f"{name}/{file.name}", file, layer, ROUTE)


def _transforms(folder: Traversable, name: str, layer: str, diagnostics: Diagnostics) -> Iterator[Source]:
    for child in _children(folder):
        if child.is_dir() and child.name == _DIALECTS:
            yield from _dialects(child, f"{name}/{child.name}", layer)
        elif child.is_dir():
            yield from _protocol(child, f"{name}/{child.name}", layer, diagnostics)
        elif _is_yaml(child.name):
            span = Span(f"{name}/{child.name}", 1, 1)
            help = f"put it into a folder: {name}/<protocol>/{child.name}"
            diagnostics.error("unknown-file", span, "this file stands in no protocol folder", help=help)


def _dialects(folder: Traversable, name: str, layer: str) -> Iterator[Source]:
    for file in _children(folder):
        if file.is_file() and _is_yaml(file.name):
            yield Source(f"{name}/{file.name}", file, layer, DIALECT)


def _protocol(folder: Traversable, name: str, layer: str, diagnostics: Diagnostics) -> Iterator[Source]:
    for file in _children(folder):
        if not file.is_file() or not _is_yaml(file.name):
            if file.is_dir() and file.name != _CASES and not file.name.startswith(("_", ".")):
                _unknown(f"{name}/{file.name}", file.name, diagnostics)
            continue
        kind = file.name.rpartition(".")[0]
        if kind in TRANSFORM_KINDS:
            yield Source(f"{name}/{file.name}", file, layer, kind, folder.name)
        else:
            _unknown(f"{name}/{file.name}", kind, diagnostics)


def _unknown(name: str, kind: str, diagnostics: Diagnostics) -> None:
    help = did_you_mean(kind, TRANSFORM_KINDS) or f"known here: {', '.join(TRANSFORM_KINDS)}"
    diagnostics.error("unknown-file", Span(name, 1, 1), "no file of a protocol has this name", help=help)


def _children(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else []


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) and not name.startswith(".")
