"""Coverage of whole protocols: nothing is lost without a word, and the page in the docs says what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner
from torouter.cli import main
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.coverage import cover, lines_of, load_inventories
from torouter.diagnostics import Diagnostics
from torouter.protocol import WireProtocol

pytestmark = pytest.mark.usefixtures("held")

PROJECT = Path(__file__).parents[2]
MADE_UP = PROJECT / "tests" / "made_up"


def protocols(user: Path | None = None) -> Mapping[str, WireProtocol]:
    """All protocols, those of a user's folder among them."""
    found = Diagnostics()
    compiled = compile_project(load_project(user, found), found).protocols
    assert not found.failed
    return compiled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder with a protocol and its inventory."""
    for part in ("transforms", "schema"):
        copytree(MADE_UP / part, tmp_path / part)
    return tmp_path


def test_a_protocol_of_a_user_has_its_own_inventory(folder: Path) -> None:
    inventories = {"letters": load_inventories(folder)["letters"]}
    report = list(cover(protocols(folder), inventories, targets=["letters"]))
    assert [(each.direction, each.target) for each in report] == [("request", "letters"), ("response", "letters")]
    assert list(lines_of(report)) == []


def test_a_gap_fails_the_command(folder: Path) -> None:
    arguments = ["coverage", str(folder), "--from", "letters", "--to", "letters"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    encode = folder / "transforms" / "letters" / "response.encode.yaml"
    encode.write_text(encode.read_text().replace("  written_at: =response.created\n", ""))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "unlisted      written_at  created: not written, and nothing was said" in result.stdout


def test_an_unknown_protocol_is_told_with_those_there_are(folder: Path) -> None:
    result = CliRunner().invoke(main, ["coverage", str(folder), "--from", "leters"])
    assert (result.exit_code, "known: " in result.stderr and "letters" in result.stderr) == (2, True)
