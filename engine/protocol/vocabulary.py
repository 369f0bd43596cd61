"""The tables and definitions that the files of one protocol share: read, and searched for what nothing uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..config.document import Where
from ..diagnostics import Diagnostics
from ..language.mapping import compile_mapping
from ..language.shape import Compiler
from ..language.words import EVERYWHERE, Definition, Vocabulary

Entries = Collection[tuple[str, str]]


def read_vocabulary(about: Mapping[str, Any], root: Where | None) -> Vocabulary:
    """Read the `tables` and `define` of a protocol's own file, whose place is `root`."""
    tables = {name: members(table) for name, table in members(about.get("tables")).items()}
    entries = members(about.get("define")).items() if root is not None else ()
    definitions = {
        name: Definition(texts(members(entry).get("args")), root.at("define", name, "make"))
        for name, entry in entries
        if root is not None and "make" in members(entry)
    }
    return Vocabulary(tables, definitions)


def report_unused(vocabulary: Vocabulary, root: Where, diagnostics: Diagnostics, only: Entries | None) -> None:
    """Say which tables, definitions and arguments nothing reads; what nothing uses still shows its mistakes."""
    used = frozenset(vocabulary.used)
    for section, known in (("define", vocabulary.definitions), ("tables", vocabulary.tables)):
        for entry in known:
            if (section, entry) not in used and (only is None or (section, entry) in only):
                diagnostics.warning("unused-definition", root.at(section).key(entry), f"nothing uses `{entry}`")
    for name, definition in vocabulary.definitions.items():
        if only is None or ("define", name) in only:
            # The mistakes of a definition that is used show where it is used.
            found = Diagnostics() if ("define", name) in used else diagnostics
            read = _read(vocabulary, name, definition, found)
            for index, argument in enumerate(definition.args):
                if argument not in read:
                    where = root.at("define", name, "args", index)
                    diagnostics.warning("unread-argument", where, f"`{name}` never reads `{argument}`")


def _read(vocabulary: Vocabulary, name: str, definition: Definition, diagnostics: Diagnostics) -> frozenset[str]:
    compiler = Compiler(vocabulary, diagnostics, using=(name,))
    mapping = compile_mapping(definition.make, (*EVERYWHERE, *definition.args), compiler)
    return frozenset(path[0] for path in mapping.reads)


def members(value: object) -> dict[str, Any]:
    """Give an object as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def texts(value: object) -> tuple[str, ...]:
    """Give the texts of a list; none of anything else."""
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def named(value: object) -> frozenset[str] | None:
    """Give the texts of a list as a set; nothing for anything else."""
    return frozenset(texts(value)) if isinstance(value, list) else None
