"""A mistake that people make is found, with its code and its line; see mistakes.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from torouter.cli.validate import check_secrets
from torouter.compile import compile_project
from torouter.config.document import load_document
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_json, render_line, render_sarif, render_terminal

CANARY = "canary"
MAIN = "a.yaml"


def mistakes() -> list[Any]:
    """The entries of mistakes.yaml."""
    document = load_document(Path(__file__).with_name("mistakes.yaml"), "mistakes.yaml", "tests", Diagnostics())
    assert document is not None
    return list(document.data)  # type: ignore[call-overload]


MISTAKES = mistakes()


def written(entry: Mapping[str, Any]) -> dict[str, str]:
    """The files of an entry by name."""
    if "files" in entry:
        return dict(entry["files"])
    if "text" in entry:
        return {MAIN: entry["text"]}
    kind = entry.get("file", "response.decode")
    indented = "".join(f"  {line}\n" for line in entry["make"].splitlines()).replace("EXPAND", " | [[@,@],[@,@]]" * 100)
    head = {"request.encode": "\nkinds: [text]\ntools: []\n"}.get(kind, "")
    return {"transforms/made/protocol.yaml": "protocol: made\n", f"transforms/made/{kind}.yaml": f"make:\n{indented}{head.lstrip()}"}


def findings(entry: Mapping[str, Any], folder: Path) -> Diagnostics:
    """What is found in the files of an entry, secrets included."""
    for name, text in written(entry).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(0o644)
    found = Diagnostics()
    project = load_project(Path(), found, builtin=False)
    check_secrets(project, found)
    compile_project(project, found)
    return found


def placed(entry: Mapping[str, Any], found: Diagnostics) -> list[str]:
    """The findings as an entry lists them."""
    own = MAIN if "make" not in entry else f"transforms/made/{entry.get('file', 'response.decode')}.yaml"
    places = [(item.span.file.removeprefix("./"), item.code, item.span.line) for item in found.sorted() if item.span]
    return [f"{code}:{line}" if file == own else f"{file}:{code}:{line}" for file, code, line in places]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOROUTER_EMPTY", "  ")
    monkeypatch.setenv("TOROUTER_SET", f"sk-{CANARY}")


@pytest.mark.parametrize("entry", MISTAKES, ids=[entry["mistake"] for entry in MISTAKES])
def test_a_mistake_is_found_in_its_line(entry: Mapping[str, Any], tmp_path: Path) -> None:
    found = findings(entry, tmp_path)
    assert placed(entry, found) == entry["found"]
    assert entry.get("says", "") in render_line(found)


@pytest.mark.parametrize("entry", MISTAKES, ids=[entry["mistake"] for entry in MISTAKES])
def test_no_message_shows_a_secret(entry: Mapping[str, Any], tmp_path: Path) -> None:
    found = findings(entry, tmp_path)
    assert [form for form in (render_terminal, render_line, render_json, render_sarif) if CANARY in form(found)] == []
