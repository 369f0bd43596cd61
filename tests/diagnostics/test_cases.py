"""Every diagnostic has a bad file, whose full message is expected word for word.

A case is a folder named by its code with `bad.yaml`, or a folder `bad/`, and `expected.txt`. `pytest --bless` rewrites
the expected texts; read the difference before committing it.
"""

from pathlib import Path

import pytest
from torouter.cli.validate import check_secrets
from torouter.codes import CODES
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

HERE = Path(__file__).parent
CASES = sorted(path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_"))


def findings(case: Path) -> Diagnostics:
    """What is said about a case; the current folder is that of the case."""
    diagnostics = Diagnostics()
    for file in case.glob("open.txt"):
        file.chmod(0o644)  # whatever a checkout made of it
    place = Path("bad.yaml") if (case / "bad.yaml").exists() else Path("bad")
    project = load_project(place, diagnostics, builtin=False)
    check_secrets(project, diagnostics)
    compile_project(project, diagnostics)
    return diagnostics


@pytest.mark.parametrize("code", CASES)
def test_a_bad_file_gets_exactly_its_message(code: str, bless: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    case = HERE / code
    monkeypatch.chdir(case)
    monkeypatch.setattr("torouter.config.checks.find_spec", lambda _module: None)  # no extra is installed
    diagnostics = findings(case)
    text = render_terminal(diagnostics)
    expected = case / "expected.txt"
    if bless:
        expected.write_text(text, "utf-8")
    assert code in {item.code for item in diagnostics.items}
    assert text == expected.read_text("utf-8")


def test_every_code_has_a_case() -> None:
    assert sorted(set(CODES) - set(CASES)) == []


def test_every_case_is_for_a_code() -> None:
    assert sorted(set(CASES) - set(CODES)) == []
