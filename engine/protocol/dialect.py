"""A dialect: a protocol whose upstream side is patched, compiled without doing again what stays the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from ..config.document import Document, Where
from ..config.patch import patch_document
from ..config.schema import check_document
from ..diagnostics import Diagnostics, did_you_mean
from ..language.origins import Origins
from .folder import PATCHED, Folder
from .late import Make, amended
from .wire_protocol import WireProtocol

_SHARED = "protocol"
_SECTIONS = {"define": "$use", "tables": "$lookup"}

Name = tuple[str, str]


def compile_dialect(
    document: Document,
    files: Mapping[str, Document],
    base: WireProtocol,
    diagnostics: Diagnostics,
    origins: Origins | None = None,
    *,
    sound: bool = False,
) -> WireProtocol:
    """Compile a dialect of `base`, whose folder holds `files`; `origins` as for a protocol.

    One that is `sound` is not looked at for mistakes.
    """
    patches = dict(_patches(document, files, diagnostics))
    patched = {kind: patch_document(files[kind], patch, diagnostics) for kind, patch in patches.items()}
    for kind, file in patched.items() if not sound else ():
        check_document(file.root, kind, diagnostics)
    folder = Folder(base.name, {**files, **patched}, diagnostics, origins, sound=sound)
    names = set(_named(patches.get(_SHARED)))
    wanted = _users(names, patched.get(_SHARED))
    touched = {kind for kind, file in files.items() if kind in patched or not wanted.isdisjoint(_used(file.data))}
    compiled = folder.compile_over(base, touched, document.root.at("passthrough"))
    if not sound:
        folder.report_unused(names)
    return amended(compiled, {"dialect": _name(document)}, {})


def late_dialect(document: Document, files: Mapping[str, Document], base: WireProtocol) -> WireProtocol:
    """Give a dialect of which nothing is wrong; what it changes in a late `base` is found when it is first used."""

    @cache
    def compiled() -> WireProtocol:
        return compile_dialect(document, files, base, Diagnostics(), sound=True)

    makes: Mapping[str, Make] = {member: partial(_member, compiled, member) for member in PATCHED}
    return amended(base, {"dialect": _name(document)}, makes)


def _member(compiled: Callable[[], WireProtocol], name: str) -> Any:
    return getattr(compiled(), name)


def _name(document: Document) -> str:
    return document.file.rpartition("/")[2].rpartition(".")[0]


def _patches(
    document: Document, files: Mapping[str, Document], diagnostics: Diagnostics
) -> Iterator[tuple[str, Where]]:
    """The place of each patch by the file that it changes."""
    data = document.data if isinstance(document.data, dict) else {}
    parts = data.get("patch")
    for kind, part in (parts if isinstance(parts, dict) else {}).items():
        where = document.root.at("patch", kind)
        if kind in files and isinstance(part, dict):
            yield kind, where
        elif kind not in files:
            message = f"the protocol has no {kind}.yaml that could be patched"
            diagnostics.error("unknown-base", where.own_key(), message, help=did_you_mean(kind, files))


def _named(patch: Where | None) -> Iterator[Name]:
    """The definitions and tables that a patch adds or changes."""
    value: Any = patch.value if patch is not None else {}
    for section in _SECTIONS:
        members = value.get(section)
        for name, member in (members if isinstance(members, dict) else {}).items():
            if member is not None:
                yield section, name


def _users(names: Iterable[Name], shared: Document | None) -> set[Name]:
    """These names, and those of all definitions that use one of them."""
    found = set(names)
    data: Any = shared.data if shared is not None else {}
    uses = {("define", name): set(_used(entry)) for name, entry in (data.get("define") or {}).items()}
    while more := {name for name, used in uses.items() if name not in found and not used.isdisjoint(found)}:
        found |= more
    return found


def _used(value: object) -> Iterator[Name]:
    """The definitions and tables that a shape uses itself."""
    if isinstance(value, dict):
        for section, word in _SECTIONS.items():
            if isinstance(value.get(word), str):
                yield section, value[word]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _used(inner)
