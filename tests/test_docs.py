"""The documentation holds: what can be named is explained, what is shown runs.

A fenced block whose info string has the word `run` is executed:

* ```` ```bash run ```` and ```` ```python run ```` with TOROUTER_URL and TOROUTER_KEY of a gateway on the sandbox;
* ```` ```yaml run ```` holds `given` (the roots), `make` (a shape) and `gives` (what the shape must make of them); it may
  hold `tables` and `define`, as a protocol file does. A `gives` that is absent means that nothing is made.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from torouter.codes import CODES
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.language.functions import LIBRARY
from torouter.language.mapping import compile_mapping
from torouter.language.shape import Compiler
from torouter.language.words import Definition, Vocabulary

from tests.support.gateway import Gateway, running_gateway

PROJECT = Path(__file__).parents[1]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A runnable block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}:{self.line}"


def snippets(*languages: str) -> list[Snippet]:
    """The runnable blocks of these languages, in order."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in FENCE.finditer(text):
            language, *words = block["info"].split() or [""]
            if language in languages and "run" in words:
                found.append(Snippet(page, text.count("\n", 0, block.start()) + 1, language, block["body"]))
    return found


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway as a reader of the README has it after `torouter serve`."""
    with running_gateway(tmp_path_factory.mktemp("user")) as running:
        yield running


@pytest.mark.parametrize("snippet", snippets("bash", "sh", "python"), ids=str)
def test_a_command_that_is_shown_runs(snippet: Snippet, gateway: Gateway, tmp_path: Path) -> None:
    command = [sys.executable, "-c"] if snippet.language == "python" else ["bash", "-euo", "pipefail", "-c"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "TOROUTER_URL": gateway.url, "TOROUTER_KEY": gateway.key}
    done = subprocess.run([*command, snippet.text], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{snippet.text}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("snippet", snippets("yaml"), ids=str)
def test_a_mapping_that_is_shown_gives_what_is_said(snippet: Snippet) -> None:
    found = Diagnostics()
    document = load_document(snippet.text, str(snippet), "docs", found)
    assert document is not None, render_terminal(found)
    data: Any = document.data
    define = {name: Definition(tuple(e.get("args", ())), document.root.at("define", name, "make")) for name, e in data.get("define", {}).items()}
    compiler = Compiler(Vocabulary(data.get("tables", {}), define), found)
    mapping = compile_mapping(document.root.at("make"), data.get("given", {}), compiler)
    assert not found.failed, render_terminal(found)
    assert mapping.run(data.get("given", {})) == data.get("gives")


def explained(page: str) -> str:
    """The headings and the first cells of the tables of a page."""
    path = PROJECT / "docs" / page
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return "\n".join(line.split("|")[1] if line.startswith("|") else line for line in lines if line.startswith(("#", "|")))


def missing(names: list[str], text: str) -> list[str]:
    """The names that do not stand in the text as whole words."""
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


def test_every_diagnostic_code_is_explained() -> None:
    assert missing(list(CODES), explained("errors.md")) == []


def test_every_function_of_the_language_is_explained() -> None:
    assert missing(list(LIBRARY), explained("language.md") + explained("functions.md")) == []


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of the command line with its full name."""
    from torouter.cli import main

    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        yield name, command
        for sub, inner in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {sub}", inner)

    yield from walk("torouter", main)


def test_every_command_and_option_is_explained() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    names = [name for name, _ in commands()]
    options = [option for _, command in commands() for p in command.params if isinstance(p, click.Option) for option in p.opts]
    assert missing([*names, *(o for o in options if o.startswith("--"))], pages) == []


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(PROJECT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists()
    ]
    assert broken == []
