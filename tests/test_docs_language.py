"""The page on the mapping language holds: its examples run, and its table of functions is that of the registry.

A fenced block ```` ```yaml example ```` of docs/language.md is one file with

* `make` and `given` (the roots), or the words of a stream file and `events` (the values of `event`, one by one);
* what must come of it: `gives`, `reads` (paths of the canonical request) or `refused` (the code of the one finding);
* or `written`, the text of a whole file that is refused.

`pytest --bless` rewrites the generated table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics
from torouter.language import words
from torouter.language.functions import LIBRARY
from torouter.language.text import FILTERS

from tests.language.support import Stream, compile_text

PAGE = Path(__file__).parents[1] / "docs" / "language.md"
EXAMPLE = re.compile(r"^```yaml example\n(.*?)^```", re.MULTILINE | re.DOTALL)
GENERATED = re.compile(r"(<!-- functions: generated[^\n]*-->\n).*?(<!-- functions: end -->)", re.DOTALL)


def examples() -> Iterator[Any]:
    text = PAGE.read_text("utf-8")
    for block in EXAMPLE.finditer(text):
        yield pytest.param(block[1], id=f"line {text.count(chr(10), 0, block.start()) + 1}")


@pytest.mark.parametrize("text", list(examples()))
def test_an_example_does_what_the_page_says(text: str) -> None:
    found = Diagnostics()
    document = load_document(text, "language.md", "docs", found)
    assert document is not None
    assert not found.items
    said: Any = document.data
    if "refused" in said:
        assert refusals(said.get("written", text)) == [said["refused"]]
    elif "events" in said:
        assert Stream(text).run(*said["events"]) == said["gives"]
    else:
        mapping, diagnostics = compile_text(text)
        assert not diagnostics.items
        if "gives" in said:
            assert mapping.run(said.get("given", {})) == said["gives"]
        if "reads" in said:
            assert sorted(".".join(path) for path in mapping.reads) == sorted(said["reads"])
        assert "gives" in said or "reads" in said


def refusals(text: str) -> list[str]:
    found = Diagnostics()
    document = load_document(text, "language.md", "docs", found)
    if document is None or found.items:
        return [item.code for item in found.sorted()]
    data: Any = document.data
    diagnostics = Stream(text).diagnostics if "rules" in data else compile_text(text)[1]
    return [item.code for item in diagnostics.sorted()]


def functions() -> str:
    """The functions by theme, each with its meaning and its examples."""
    lines: list[str] = []
    for theme in dict.fromkeys(function.theme for function in LIBRARY.values()):
        lines += [f"#### {theme[0].upper()}{theme[1:]}", "", "| function | what it does | for example |", "|---|---|---|"]
        for function in LIBRARY.values():
            if function.theme == theme:
                shown = "<br>".join(
                    f"`` {example.call} `` → `` {json.dumps(example.gives, ensure_ascii=False)} ``" for example in function.examples
                )
                cells = (f"`{function.name}({function.parameters})`", function.meaning, shown)
                lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", "\\n") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines) + "\n"


def test_the_table_of_functions_is_that_of_the_registry(bless: bool) -> None:
    text = PAGE.read_text("utf-8")
    fresh = GENERATED.sub(lambda match: f"{match[1]}\n{functions()}{match[2]}", text)
    if bless:
        PAGE.write_text(fresh, "utf-8")
    assert text == fresh or bless, "run pytest --bless tests/test_docs_language.py"


@pytest.mark.parametrize("word", [*words.WORDS, *FILTERS, "on", "when", "set", "emit", "dispatch", "match", "state", "complete"])
def test_every_word_and_filter_is_taught(word: str) -> None:
    assert f"`{word}`" in PAGE.read_text("utf-8")
