"""Scripts of a user beside the shipped ones."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from torouter.cli.validate import command as validate
from torouter.diagnostics import Diagnostics, render_line
from torouter.sandbox.load import load_sandbox

pytestmark = pytest.mark.usefixtures("held")

SCRIPT = "description: Says hello.\nanswers: [{name}]\nsteps:\n  - emit: {{type: part.delta, kind: text, text: Hello.}}\n"


@pytest.fixture
def folder(tmp_path: Path):
    (tmp_path / "sandbox").mkdir()
    return tmp_path / "sandbox"


def load(folder):
    found = Diagnostics()
    sandbox = load_sandbox(found, folder.parent)
    return sandbox, [line.replace(str(folder), "sandbox") for line in render_line(found).splitlines()]


def test_a_user_s_script_comes_before_the_shipped_ones(folder):
    (folder / "mine.yaml").write_text(SCRIPT.format(name="'*'"))
    sandbox, problems = load(folder)
    assert problems == []
    assert sandbox.scripts[0].name == "mine"
    assert sandbox.find("anything").name == "mine"
    assert len(sandbox.scripts) > 1


def test_a_user_s_script_replaces_the_shipped_one_of_its_file_name(folder):
    shipped, _ = load(folder)
    name = shipped.scripts[0].name
    (folder / f"{name}.yaml").write_text(SCRIPT.format(name="made-up"))
    sandbox, _ = load(folder)
    assert len(sandbox.scripts) == len(shipped.scripts)
    assert [script.answers for script in sandbox.scripts if script.name == name] == [("made-up",)]


def test_two_scripts_for_one_name_are_an_error_that_shows_both(folder):
    (folder / "a.yaml").write_text(SCRIPT.format(name="made-up"))
    (folder / "b.yaml").write_text(SCRIPT.format(name="made-up"))
    found = Diagnostics()
    load_sandbox(found, folder.parent)
    (item,) = found.items
    assert (item.code, item.span.line, item.span.column) == ("duplicate-id", 2, 11)
    assert item.span.file.endswith("b.yaml")
    assert item.labels[0].span.file.endswith("a.yaml")


def test_a_script_that_cannot_be_read_is_reported_and_the_others_are_kept(folder):
    (folder / "a.yaml").write_bytes(b"\xff\xfe\x00")
    (folder / "b.yaml").write_text("answers: [")
    (folder / "c.yaml").write_text(SCRIPT.format(name="made-up"))
    sandbox, problems = load(folder)
    assert [line.split(":")[0] for line in problems] == ["sandbox/a.yaml", "sandbox/b.yaml"]
    assert sandbox.find("made-up").name == "c"


def test_other_files_are_left_alone(folder):
    (folder / "notes.txt").write_text("not a script")
    (folder / ".hidden.yaml").write_text("not a script")
    assert load(folder)[1] == []


def test_a_folder_without_scripts_adds_nothing(tmp_path):
    found = Diagnostics()
    names = [script.name for script in load_sandbox(found, tmp_path).scripts]
    assert names == [script.name for script in load_sandbox(found).scripts]
    assert names
    assert not found.items


def test_a_broken_script_is_shown_by_validate(folder):
    (folder / "mine.yaml").write_text(SCRIPT.format(name="made-up").replace("Hello.", "=lenght(request)"))
    shown = CliRunner().invoke(validate, [str(folder.parent), "--format", "line"])
    assert shown.exit_code == 1
    assert "mine.yaml:4:49: error[unknown-function]" in shown.output
