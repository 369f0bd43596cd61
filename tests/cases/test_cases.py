"""Cases are found, run and compared, whatever protocol they are about: here, one that is made up."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from ruamel.yaml import YAML
from torouter.cases import Case, Difference, check_case, load_cases
from torouter.cases.bless import bless
from torouter.cases.render import render
from torouter.cases.text import yaml_lines
from torouter.compile import Snapshot, compile_project
from torouter.config.document import load_document
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_line

MADE_UP = Path(__file__).parents[1] / "made_up"

HEAD = "from: letters\nto: canonical\nwhat: request\ncases:\n"
PLAIN = """\
  - name: a plain letter
    why: the least that is written
    in: {to: small-1, letters: [{from: reader, lines: hi}]}
    out: {model: small-1, turns: [{role: user, parts: [{kind: text, text: hi}]}]}
"""


@dataclass(frozen=True)
class Folder:
    """A user's folder with the made-up protocol and room for cases."""

    path: Path
    snapshot: Snapshot

    def write(self, text: str, name: str = "letters/cases/plain.yaml") -> Path:
        file = self.path / "transforms" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def cases(self) -> list[Case]:
        found, diagnostics = self.load()
        assert render_line(diagnostics) == ""
        return found

    def load(self) -> tuple[list[Case], Diagnostics]:
        diagnostics = Diagnostics()
        return load_cases(self.path, self.snapshot.protocols, diagnostics, builtin=False), diagnostics

    def differences(self, text: str) -> list[Difference]:
        self.write(text)
        return [difference for case in self.cases() for difference in check_case(case, self.snapshot.protocols)]

    def codes(self, text: str) -> list[str]:
        self.write(text)
        return [item.code for item in self.load()[1].items]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    shutil.copytree(MADE_UP / "transforms", tmp_path / "transforms")
    found = Diagnostics()
    return Folder(tmp_path, compile_project(load_project(tmp_path, found, builtin=False), found))


def test_a_case_that_holds_says_nothing(folder: Folder) -> None:
    assert folder.differences(HEAD + PLAIN) == []


def test_a_difference_is_told_with_its_path_its_line_and_both_values(folder: Folder) -> None:
    (found,) = folder.differences(HEAD + PLAIN.replace("text: hi", "text: ho"))
    assert found == Difference("out.turns[0].parts[0].text", 8, '"ho"', '"hi"')


@pytest.mark.parametrize(
    ("wanted", "path", "made"),
    [
        ("{model: small-1}", "out.turns", '[{"role":"user","parts":[{"kind":"text","text":"hi"}]}]'),
        ("{model: small-1, turns: [{role: user, parts: [{kind: text, text: hi}]}], stop: [x]}", "out.stop", "nothing"),
    ],
)
def test_what_is_missing_and_what_is_too_much_differ(folder: Folder, wanted: str, path: str, made: str) -> None:
    lines = PLAIN.splitlines()[:-1]
    (found,) = folder.differences("\n".join((HEAD.rstrip(), *lines, f"    out: {wanted}", "")))
    assert (found.path, found.made) == (path, made)


def test_a_loss_that_the_case_does_not_say_is_a_difference(folder: Folder) -> None:
    found = folder.differences(
        """\
from: canonical
to: letters
what: request
cases:
  - name: a wish for few words
    why: nothing is lost silently
    in: {model: m, turns: [{role: user, parts: [{kind: text, text: hi}]}], verbosity: low}
    out: {letters: [{from: reader, lines: [{say: hi}]}]}
"""
    )
    assert [(difference.path, difference.made) for difference in found] == [("losses", '{"verbosity":"drop"}')]


def test_a_refusal_is_compared_by_the_member_that_it_names(folder: Folder) -> None:
    text = HEAD + "  - {name: nothing, why: there is nothing to answer, in: {to: m, letters: []}, rejected: null}\n"
    assert folder.differences(text) == []
    (found,) = folder.differences(text.replace("rejected: null", "rejected: letters"))
    assert (found.path, found.made) == ("rejected", "null")


def test_a_canonical_side_must_keep_to_its_schema(folder: Folder) -> None:
    found = folder.differences(
        HEAD.replace("letters", "canonical", 1).replace("to: canonical", "to: letters")
        + "  - {name: odd, why: w, in: {model: m, turns: [], odd: 1}, out: {to: m}}\n"
    )
    assert any(difference.path == "in" and "odd" in difference.made for difference in found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD + PLAIN + PLAIN, "duplicate-id"),
        ("cases:\n" + PLAIN, "missing-key"),
        (HEAD.replace("letters", "leters") + PLAIN, "unknown-reference"),
        (HEAD + PLAIN.replace("why", "because"), "unknown-key"),
        (HEAD.replace("from: letters", "from: canonical") + PLAIN, "bad-value"),
        (HEAD.replace("request", "models") + PLAIN, "bad-value"),
    ],
)
def test_a_mistake_in_a_file_of_cases_has_a_place(folder: Folder, text: str, code: str) -> None:
    assert code in folder.codes(text)
    assert all(item.span for item in folder.load()[1].items)


def test_what_a_case_gives_is_written_in_its_place_and_nothing_else_changes(folder: Folder) -> None:
    wrong = PLAIN.replace("text: hi}", "text: ho}")
    file = folder.write(f"# first\n{HEAD}{wrong}\n  # second\n{PLAIN.replace('plain', 'second')}")
    bless(folder.cases(), folder.snapshot.protocols)
    assert [check_case(case, folder.snapshot.protocols) for case in folder.cases()] == [(), ()]
    assert file.read_text() == f"# first\n{HEAD}{PLAIN}\n  # second\n{PLAIN.replace('plain', 'second')}"


def test_pages_show_pairs_in_full_and_single_sides_by_name(folder: Folder) -> None:
    folder.write(HEAD + PLAIN)
    pair = PLAIN.replace("out: {model", "out: {to").replace("plain", "passed")
    folder.write(
        f"topic: greetings\n{HEAD.replace('to: canonical', 'to: letters')}{pair}", "letters/cases/letters/a.yaml"
    )
    pages = render(folder.cases())
    assert pages.keys() == {"README.md", "letters.md"}
    assert "- a plain letter: the least that is written" in pages["README.md"]
    assert "[1](letters.md#a-model-behind-letters)" in pages["README.md"]
    page = pages["letters.md"]
    assert "### Greetings" in page
    assert "**a passed letter**" in page
    assert "to: small-1" in page


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text()
    | st.sampled_from(["no", "1.5", "a: b", "=x", "- a"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.integers(0, 40))
def test_what_is_written_is_read_again(value: Any, width: int) -> None:
    text = "\n".join(yaml_lines({"a": value}, width)) + "\n"
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    assert yaml.load(text) == {"a": value}
    diagnostics = Diagnostics()
    document = load_document(text, "a.yaml", "test", diagnostics)
    assert document is not None and document.data == {"a": value}, render_line(diagnostics)
