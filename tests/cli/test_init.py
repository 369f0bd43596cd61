"""`torouter init`: a folder to begin with, which loads as it is and with every example taken in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torouter.cli import main
from torouter.config.load import load_project
from torouter.config.schema import KINDS
from torouter.diagnostics import Diagnostics

pytestmark = pytest.mark.usefixtures("held")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert init(tmp_path / "mine").exit_code == 0
    return tmp_path / "mine"


def init(folder: Path) -> Result:
    return CliRunner().invoke(main, ["init", str(folder)])


def findings(folder: Path) -> str:
    """What `validate` says, without its count of files."""
    result = CliRunner().invoke(main, ["validate", str(folder), "--strict", "--format", "line"])
    return "".join(line for line in result.output.splitlines() if str(folder) in line)


def test_the_folder_has_nothing_wrong(folder: Path) -> None:
    assert findings(folder) == ""


def test_every_example_holds_when_it_is_taken_in(folder: Path) -> None:
    file = folder / "routes.yaml"
    text = re.sub(r"(?m)^#(?! \S)(?=.)", "", file.read_text("utf-8"))
    file.write_text(text, "utf-8")
    found = Diagnostics()
    project = load_project(folder, found)
    assert findings(folder) == ""
    assert {"hello", "assistant"} <= set(project.routes.models)
    assert "workshop" in project.routes.providers
    assert "team" in project.routes.groups
    assert project.routes.settings.strict


def test_the_first_line_names_the_schema_that_lies_beside_it(folder: Path) -> None:
    first = (folder / "routes.yaml").read_text("utf-8").splitlines()[0]
    named = re.search(r"\$schema=(\S+)", first)
    assert named is not None
    assert json.loads((folder / named[1]).read_text("utf-8"))["title"].startswith("A route file")


def test_every_kind_of_file_has_its_schema(folder: Path) -> None:
    assert {path.name for path in (folder / "schema").iterdir()} == {f"{kind}.schema.json" for kind in KINDS}


def test_the_keys_of_the_machine_are_kept_out_of_version_control(folder: Path) -> None:
    assert "/.torouter/" in (folder / ".gitignore").read_text("utf-8").splitlines()


def test_what_is_there_is_never_overwritten(folder: Path) -> None:
    (folder / "routes.yaml").write_text("mine")
    result = init(folder)
    assert (result.exit_code, (folder / "routes.yaml").read_text()) == (1, "mine")
    assert "already there, and not overwritten: " + str(folder / "routes.yaml") in result.output


def test_nothing_is_written_when_one_file_is_there(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine")
    assert init(tmp_path).exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == [".gitignore"]


def test_a_folder_that_holds_other_things_is_fine(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert init(tmp_path).exit_code == 0


def test_it_says_what_to_do_next(tmp_path: Path) -> None:
    output = init(tmp_path / "mine").output
    assert [line.split()[1] for line in output.splitlines() if line.startswith("torouter ")] == ["serve", "validate", "models"]
