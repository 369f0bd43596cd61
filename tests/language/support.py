"""Compile a piece of YAML as a mapping and run it: what every language test does."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from textwrap import dedent
from typing import Any

from torouter.config.document import Document, load_document
from torouter.diagnostics import Diagnostics, Span
from torouter.language import build
from torouter.language.mapping import CompiledMapping, compile_mapping
from torouter.language.scope import Layout, Scope
from torouter.language.shape import Compiler
from torouter.language.stream import compile_rules, state_of
from torouter.language.words import Definition, Vocabulary

ROOTS = ("body", "target", "state", "memo", "request", "event")
SCALARS = (str, int, float, bool, type(None))
STREAM_ROOTS = ("event", "state", "request", "target", "memo")


def load(text: str, diagnostics: Diagnostics | None = None) -> tuple[Document, Diagnostics]:
    """Load YAML text as a document."""
    diagnostics = diagnostics or Diagnostics()
    document = load_document(dedent(text), "test.yaml", "user", diagnostics)
    assert document is not None, [item.message for item in diagnostics.items]
    return document, diagnostics


def compile_text(text: str) -> tuple[CompiledMapping, Diagnostics]:
    """Compile a file with `make` and, if it has them, `tables` and `define`."""
    document, diagnostics = load(text)
    compiler = Compiler(vocabulary_of(document), diagnostics)
    return compile_mapping(document.root.at("make"), ROOTS, compiler), diagnostics


def vocabulary_of(document: Document) -> Vocabulary:
    """Give the tables and definitions that a document holds."""
    data: Any = document.data
    definitions = {
        name: Definition(tuple(entry.get("args", ())), document.root.at("define", name, "make"))
        for name, entry in data.get("define", {}).items()
    }
    return Vocabulary(data.get("tables", {}), definitions)


def make(text: str, **values: Any) -> Any:
    """Compile and run a mapping that must be sound."""
    mapping, diagnostics = compile_text(text)
    assert not diagnostics.items, [f"{item.code}: {item.message}" for item in diagnostics.items]
    made = mapping.run(values)
    assert exactly(generated(mapping)(values)) == exactly(made), "generated code makes what closures make"
    return made


def generated(mapping: CompiledMapping) -> Callable[[dict[str, Any]], Any]:
    """Give a mapping as generated code, which every mapping has that is not noted."""
    source = mapping.source()
    assert source is not None
    return source


def exactly(value: Any) -> Any:
    """Give a value so that only what is the same is equal: types and the order of members count."""
    if isinstance(value, dict):
        return "object", [(name, exactly(member)) for name, member in value.items()]
    if isinstance(value, list):
        return "list", [exactly(item) for item in value]
    return type(value).__name__, repr(value) if type(value) in SCALARS else id(value)


def codes(text: str) -> list[str]:
    """Give the codes of what is wrong with a mapping."""
    return [item.code for item in compile_text(text)[1].items]


def findings(text: str) -> list[tuple[str, str]]:
    """Give the codes of what is wrong with a mapping, each with the piece of the file that it points at."""
    return [(item.code, _pointed_at(dedent(text), item.span)) for item in compile_text(text)[1].sorted()]


def _pointed_at(text: str, span: Span | None) -> str:
    assert span is not None
    line = text.split("\n")[span.line - 1]
    return line[span.column - 1 : span.column - 1 + span.length]


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


class Stream:
    """The rules of a stream file, run event by event."""

    def __init__(self, text: str, quiet: frozenset[str] = frozenset()) -> None:
        document, self.diagnostics = load(text)
        file: Any = document.data
        layout = Layout()
        scope = Scope.of_roots(layout, STREAM_ROOTS)
        self.rules = compile_rules(document.root, scope, Compiler(vocabulary_of(document), self.diagnostics), quiet)
        self._frame: list[Any] = [None] * layout.size
        self._slots = scope.slots
        self.state = {"ended": False, **state_of(file)}
        self._frame[self._slots["state"]] = self.state

    def run(self, *events: Any, **values: Any) -> list[Any]:
        """Give all that the rules emit for these events."""
        assert not self.diagnostics.items, [f"{item.code}: {item.message}" for item in self.diagnostics.items]
        for name, value in values.items():
            self._frame[self._slots[name]] = value
        emitted = []
        for event in events:
            self._frame[self._slots["event"]] = event
            expected = self._generated(deepcopy(self._frame))
            made = self.rules.run(self._frame)
            assert exactly([made, self.state]) == exactly(expected), (
                "generated code emits and remembers what closures do"
            )
            emitted += made
        return emitted

    def _generated(self, frame: list[Any]) -> list[Any]:
        """Give what generated code emits and remembers."""
        rules, emitted = self.rules, []
        label = build.label(rules.dispatch(frame)) if rules.dispatch is not None else None
        source = rules.by_label.get(str(label), rules.others).source()
        assert source is not None
        source(frame, emitted)
        return [emitted, frame[self._slots["state"]]]


def stream_findings(text: str) -> list[tuple[str, str]]:
    """Give the codes of what is wrong with the rules of a stream, each with what it points at."""
    return [(item.code, _pointed_at(dedent(text), item.span)) for item in Stream(text).diagnostics.sorted()]
