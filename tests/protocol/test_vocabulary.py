"""The tables and definitions of a folder: what nothing reads is told, and mistakes show once, used or not."""

from __future__ import annotations

from textwrap import dedent

import pytest
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics
from torouter.protocol import compile_protocol


def findings(protocol: str, make: str = "{id: =body.id}") -> list[tuple[str, str]]:
    """Compile a folder of two files and give what is wrong, each with the line it stands on."""
    found = Diagnostics()
    texts = {"protocol": "protocol: made\n" + dedent(protocol), "response.decode": f"make: {make}\n"}
    documents = {kind: load_document(text, f"{kind}.yaml", "user", found) for kind, text in texts.items()}
    compile_protocol("made", {kind: file for kind, file in documents.items() if file is not None}, found)
    return [(item.code, found.sources[item.span.file].split("\n")[item.span.line - 1].strip()) for item in found.sorted() if item.span]


DEFINED = """
define:
  id_in:
    args: [id]
    make: {end}
"""
USED = "\n  id:\n    $use: id_in\n    $with: {id: =body.id}\n  model:\n    $use: id_in\n    $with: {id: =body.model}"


def test_a_sound_folder_has_nothing_to_tell() -> None:
    assert findings(DEFINED.format(end="=id"), USED) == []


def test_a_definition_that_nothing_uses_is_told_with_its_mistakes() -> None:
    assert findings(DEFINED.format(end="=di")) == [
        ("unused-definition", "id_in:"),
        ("unread-argument", "args: [id]"),
        ("unknown-root", "make: =di"),
    ]


def test_a_mistake_in_a_definition_that_is_used_twice_is_told_once() -> None:
    assert findings(DEFINED.format(end="[=id, =di]"), USED) == [("unknown-root", "make: [=id, =di]")]


@pytest.mark.parametrize("end", ["constant", "=target.model"])
def test_an_argument_that_is_never_read_is_told(end: str) -> None:
    assert findings(DEFINED.format(end=end), USED) == [("unread-argument", "args: [id]")]


def test_an_argument_that_is_passed_on_and_read_there_is_read() -> None:
    protocol = """
    define:
      id_in:
        args: [id]
        make:
          $use: inner
          $with: {x: =id}
      inner:
        args: [x]
        make: "<{{ x }}>"
    """
    assert findings(protocol, USED) == []


def test_a_table_that_nothing_looks_at_is_told() -> None:
    assert findings("tables:\n  words: {a: b}") == [("unused-definition", "words: {a: b}")]
