"""Compile a piece of YAML as a mapping and run it: what every language test does."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from torouter.config.document import Document, load_document
from torouter.diagnostics import Diagnostics
from torouter.language.mapping import CompiledMapping, compile_mapping
from torouter.language.shape import Compiler
from torouter.language.words import Definition, Vocabulary

ROOTS = ("body", "target", "state", "memo", "request", "event")


def load(text: str, diagnostics: Diagnostics | None = None) -> tuple[Document, Diagnostics]:
    """Load YAML text as a document."""
    diagnostics = diagnostics or Diagnostics()
    document = load_document(dedent(text), "test.yaml", "user", diagnostics)
    assert document is not None, [item.message for item in diagnostics.items]
    return document, diagnostics


def compile_text(text: str) -> tuple[CompiledMapping, Diagnostics]:
    """Compile a file with `make` and, if it has them, `tables` and `define`."""
    document, diagnostics = load(text)
    data: Any = document.data
    vocabulary = Vocabulary(
        data.get("tables", {}),
        {
            name: Definition(tuple(entry.get("args", ())), document.root.at("define", name, "make"))
            for name, entry in data.get("define", {}).items()
        },
    )
    compiler = Compiler(vocabulary, diagnostics)
    return compile_mapping(document.root.at("make"), ROOTS, compiler), diagnostics


def make(text: str, **values: Any) -> Any:
    """Compile and run a mapping that must be sound."""
    mapping, diagnostics = compile_text(text)
    assert not diagnostics.items, [f"{item.code}: {item.message}" for item in diagnostics.items]
    return mapping.run(values)


def codes(text: str) -> list[str]:
    """Give the codes of what is wrong with a mapping."""
    return [item.code for item in compile_text(text)[1].items]


def run_expression(text: str, **values: Any) -> Any:
    """Run one expression of a mapping."""
    return make("make: " + _quoted("=" + text), **values)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def reads_of(text: str) -> set[tuple[str, ...]]:
    """Give the paths that a mapping reads."""
    mapping, diagnostics = compile_text(text)
    assert not diagnostics.failed, [item.message for item in diagnostics.items]
    return set(mapping.reads)


Values = Mapping[str, Any]
