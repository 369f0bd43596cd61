"""`torouter test` runs the cases that are shipped and a user's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torouter.cli import main

pytestmark = pytest.mark.usefixtures("held")

CASE = """\
from: openai-chat
to: canonical
what: request
cases:
  - name: my own question
    why: the least a client sends
    in: {model: m, messages: [{role: user, content: hi}]}
    out: {model: m, turns: [{role: user, parts: [{kind: text, text: hi}]}]}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "transforms" / "openai-chat" / "cases" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(CASE)
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["test", *map(str, arguments)])


def test_cases_are_chosen_by_a_part_of_their_names(own: Path, tmp_path: Path) -> None:
    result = run(tmp_path, "my own question")
    assert (result.exit_code, result.output) == (0, "1 case, none of them wrong\n")


def test_shipped_cases_need_no_folder() -> None:
    assert run("openai-chat/cases/models.yaml").exit_code == 0


def test_a_difference_is_shown_with_its_line_and_fails(own: Path, tmp_path: Path) -> None:
    own.write_text(CASE.replace("text: hi", "text: ho"))
    result = run(tmp_path, "my own question")
    assert result.exit_code == 1
    assert f"{own}{os.linesep}".strip() in result.output
    assert 'wanted "ho"' in result.output
    assert 'made   "hi"' in result.output


def test_no_case_is_a_failure_that_says_what_was_looked_for() -> None:
    result = run("no case has such a name")
    assert result.exit_code == 1
    assert result.output == "Error: Neither a folder nor a part of a case's name: no case has such a name\n"


def test_a_mistake_in_a_file_is_shown(own: Path, tmp_path: Path) -> None:
    own.write_text(CASE.replace("openai-chat", "openai-chatt"))
    result = run(tmp_path)
    assert result.exit_code == 1
    assert 'did you mean "openai-chat"?' in result.output


def test_what_a_case_of_ones_own_gives_is_written_when_asked_for(own: Path, tmp_path: Path) -> None:
    own.write_text(CASE.replace("text: hi", "text: ho"))
    assert run(tmp_path, "my own question", "--bless").exit_code == 0
    assert own.read_text() == CASE
