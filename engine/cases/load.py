"""Finding and reading the cases: those that are shipped, and those beside a user's own transforms."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ..config.document import Document, load_document
from ..config.schema import CASES, check_document
from ..config.sources import BUILTIN, USER
from ..diagnostics import Diagnostics, Label, did_you_mean
from .case import CANONICAL, MODELS, Case

FOLDER = "cases"
_TRANSFORMS = "transforms"
_SHARED = ("from", "to", "what", "target", "request")


def load_cases(
    user: Path | None, protocols: Collection[str], diagnostics: Diagnostics, *, builtin: bool = True
) -> list[Case]:
    """Read all cases; `user` is a folder that may hold transforms with cases.

    `protocols` are the names of the protocols and dialects that exist. A user's file takes the place of the shipped one
    of the same name. What is wrong is added to `diagnostics`.
    """
    found: dict[str, tuple[Traversable, str, str]] = {}
    if builtin:
        found |= _files(files("torouter.transforms"), _TRANSFORMS, BUILTIN)
    if user is not None and user.is_dir():
        found |= _files(user / _TRANSFORMS, str(user / _TRANSFORMS), USER)
    cases: list[Case] = []
    for file, shown, layer in found.values():
        document = load_document(file, shown, layer, diagnostics)
        if document is not None and not check_document(document.root, CASES, diagnostics):
            cases += _cases(document, protocols, diagnostics)
    return cases


def _files(transforms: Traversable, shown: str, layer: str) -> dict[str, tuple[Traversable, str, str]]:
    """The case files of one layer by their name below it."""
    found = {}
    for protocol in _children(transforms):
        for name, file in _walk(protocol / FOLDER, f"{protocol.name}/{FOLDER}"):
            found[name] = (file, f"{shown}/{name}", layer)
    return found


def _walk(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    for child in _children(folder):
        here = f"{name}/{child.name}"
        if child.is_dir():
            yield from _walk(child, here)
        elif child.name.endswith((".yaml", ".yml")) and not child.name.startswith("."):
            yield here, child


def _children(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda child: child.name) if folder.is_dir() else []


def _cases(document: Document, protocols: Collection[str], diagnostics: Diagnostics) -> Iterator[Case]:
    """The cases of one file whose sides are known; two of one name are an error."""
    data: Any = document.data
    stem = document.file.rpartition("/")[2].rpartition(".")[0]
    topic = data.get("topic", stem.replace("-", " ").replace("_", " "))
    taken: dict[str, Label] = {}
    for index, own in enumerate(data["cases"]):
        entry = document.root.at("cases", index)
        name = entry.at("name")
        if own["name"] in taken:
            message = f'another case of this file is named "{own["name"]}"'
            diagnostics.error("duplicate-id", name, message, labels=[taken[own["name"]]])
        taken.setdefault(own["name"], Label(name.span(), "first named here"))
        whole = {**{member: data[member] for member in _SHARED if member in data}, **own}
        if _has_sides(whole, document, index, protocols, diagnostics):
            yield Case(own["name"], whole["what"], whole["from"], whole["to"], whole, topic, entry)


def _has_sides(
    whole: dict[str, Any], document: Document, index: int, protocols: Collection[str], diagnostics: Diagnostics
) -> bool:
    """Whether a case says what it is about, from whom and to whom, and these exist."""
    entry = document.root.at("cases", index)
    lacking = [member for member in ("from", "to", "what") if member not in whole]
    for member in lacking:
        diagnostics.error("missing-key", entry, f'"{member}" is missing here and at the top of the file')
    if lacking:
        return False
    sides = (whole["from"], whole["to"])
    for member, side in zip(("from", "to"), sides, strict=True):
        if side != CANONICAL and side not in protocols:
            where = entry.at(member) if member in _written(document, index) else document.root.at(member)
            help = did_you_mean(side, [*protocols, CANONICAL])
            diagnostics.error("unknown-reference", where, f'there is no protocol or dialect "{side}"', help=help)
            return False
    if sides == (CANONICAL, CANONICAL) or (whole["what"] == MODELS and sides[0] != CANONICAL):
        message = "a list of models is only written" if whole["what"] == MODELS else "one side must be a protocol"
        diagnostics.error("bad-value", entry, message)
        return False
    return True


def _written(document: Document, index: int) -> dict[str, Any]:
    """One case as it is written, without what the top of its file says."""
    data: Any = document.data
    case: dict[str, Any] = data["cases"][index]
    return case
