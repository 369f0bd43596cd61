"""What is known of files from an earlier start: their data, never more than they say now."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from torouter.config import document, known, yaml
from torouter.config.load import Project, load_project
from torouter.diagnostics import Diagnostics, render_line

ROUTES = """
policies:
  here: {attempts: 3}
"""


class Start:
    """One start after the other, of a user's folder; `read` are the files whose YAML was read in the last one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.kept = folder / ".torouter"
        self.read: list[str] = []
        self.found = Diagnostics()

        parse = yaml.parse

        def noted(text: str, file: str, diagnostics: Diagnostics) -> object:
            self.read.append(Path(file).name)
            return parse(text, file, diagnostics)

        monkeypatch.setattr(yaml, "parse", noted)

    def write(self, text: str, name: str = "mine.yaml") -> None:
        (self.folder / name).write_text(text)

    def approve(self, kept: known.Known, documents: Iterable[document.Document]) -> None:
        """Note that they are right together, as a start does that compiled them."""
        load_project(self.folder, Diagnostics(), builtin=False, known=kept)
        kept.approve((it.layer, it.file, it.text) for it in documents)
        kept.keep()

    def again(self) -> Project:
        document._HELD.clear()
        self.read.clear()
        self.found = Diagnostics()
        kept = known.Known(self.kept)
        project = load_project(self.folder, self.found, builtin=False, known=kept)
        kept.keep()
        return project


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    made = Start(tmp_path, monkeypatch)
    made.write(ROUTES)
    return made


def test_a_file_that_was_found_right_is_not_read_again(start: Start):
    first = start.again()
    assert start.read == ["mine.yaml"]
    second = start.again()
    assert start.read == []
    assert [it.data for it in second.documents] == [it.data for it in first.documents]


def test_a_file_that_changed_is_read(start: Start):
    start.again()
    start.write(ROUTES.replace("here", "there"))
    assert list(start.again().routes.policies) == ["there"]
    assert start.read == ["mine.yaml"]


def test_a_file_with_findings_is_read_and_told_each_time(start: Start):
    start.write("groups: {here: {modells: []}}\n")
    start.again()
    before = render_line(start.found)
    start.again()
    assert "modells" in before
    assert render_line(start.found) == before
    assert start.read == ["mine.yaml"]


def test_what_is_found_wrong_later_still_has_its_place(start: Start):
    start.write("models:\n  m:\n    targets: [{provider: nobody}]\n", "models.yaml")
    start.again()
    before = render_line(start.found)
    assert "models.yaml:3:" in before
    start.again()
    assert render_line(start.found) == before
    assert start.read == ["models.yaml"]  # for its places only


def test_a_secret_that_was_written_into_a_file_is_never_shown(start: Start):
    start.write("providers: {here: {base_url: http://127.0.0.1:1, auth: {bearer: sk-very-secret}}}")
    for _ in range(2):
        start.again()
        assert "sk-very-secret" not in "".join(start.found.sources.values())


def test_another_version_of_the_reader_trusts_nothing_of_this_one(start: Start, monkeypatch: pytest.MonkeyPatch):
    start.again()
    monkeypatch.setattr(known, "_reader", lambda: b"another")
    start.again()
    assert start.read == ["mine.yaml"]


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"a": 1}'])
def test_a_broken_file_is_as_none(start: Start, text: bytes):
    start.again()
    (start.kept / "documents.json").write_bytes(text)
    assert list(start.again().routes.policies) == ["here"]
    assert start.read == ["mine.yaml"]


def test_a_file_that_others_may_write_is_ignored(start: Start):
    start.again()
    (start.kept / "documents.json").chmod(0o666)
    start.again()
    assert start.read == ["mine.yaml"]


def test_the_file_is_its_user_s_alone(start: Start):
    start.again()
    assert (start.kept / "documents.json").stat().st_mode & 0o777 == 0o600
    assert start.kept.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_nothing_can_be_kept_files_are_read(start: Start):
    start.folder.chmod(0o500)
    assert list(start.again().routes.policies) == ["here"]


def test_what_is_not_used_any_more_is_forgotten(start: Start):
    start.again()
    size = (start.kept / "documents.json").stat().st_size
    start.write(ROUTES.replace("here", "over"))
    start.again()
    assert (start.kept / "documents.json").stat().st_size == size


def test_data_that_would_not_come_back_as_it_is_is_not_kept(tmp_path: Path):
    store = known.Known(tmp_path)
    for data in ({"a": float("inf")}, {"a": 2**70}):
        store.put("route", repr(data), data)
    store.put("route", "fine", {"a": 1.5, "b": [None, True, "é", 2**60]})
    store.keep()
    again = known.Known(tmp_path)
    assert again.get("route", "{'a': inf}") is None
    assert again.get("route", repr({"a": 2**70})) is None
    assert again.get("route", "fine") == {"a": 1.5, "b": [None, True, "é", 2**60]}


def test_files_are_right_together_only_as_they_were(start: Start, monkeypatch: pytest.MonkeyPatch):
    def approves() -> bool:
        return start.again().sound

    start.write("groups: {here: {models: [], providers: []}}\n", "more.yaml")
    documents = start.again().documents
    assert not approves()
    kept = known.Known(start.kept)
    start.approve(kept, documents)
    assert approves()
    assert approves()
    start.write("groups: {there: {models: [], providers: []}}\n", "more.yaml")
    assert not approves()
    start.write("groups: {here: {models: [], providers: []}}\n", "more.yaml")
    start.approve(known.Known(start.kept), documents)
    monkeypatch.setattr(known, "_reader", lambda: b"another")
    assert not approves()


def test_without_a_folder_nothing_is_approved():
    nothing = known.Known(None)
    nothing.approve([])
    assert not nothing.approves([])


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], known.Shared]:
    """Opens what is kept beside the program, each time anew."""
    monkeypatch.setattr(known, "_reader", lambda: b"a program")
    return lambda: known.Shared(tmp_path / "beside")


def test_what_built_in_files_say_is_kept_beside_the_program_for_all_folders(
    tmp_path: Path, shared: Callable[[], known.Shared]
):
    here = known.Known(tmp_path / "here", shared())
    here.put("route", "built-in", {"a": 1}, builtin=True)
    here.put("route", "mine", {"b": 2})
    here.approve([("built-in", "a.yaml", "built-in")], builtin=True)
    here.keep()
    there = known.Known(tmp_path / "there", shared())
    assert there.get("route", "built-in") == {"a": 1}
    assert there.get("route", "mine") is None
    assert there.approves([("built-in", "a.yaml", "built-in")])
    assert b"mine" not in b"".join(file.read_bytes() for file in (tmp_path / "beside").iterdir())


def test_what_others_know_beside_the_program_stays(shared: Callable[[], known.Shared]):
    one = shared()
    one.put("route", "one", {"a": 1})
    one.keep()
    other = shared()
    other.put("route", "other", {"b": 2})
    other.keep()
    assert (shared().get("route", "one"), shared().get("route", "other")) == ({"a": 1}, {"b": 2})


def test_what_another_version_of_the_program_knew_is_forgotten(
    tmp_path: Path, shared: Callable[[], known.Shared], monkeypatch: pytest.MonkeyPatch
):
    old = shared()
    old.put("route", "one", {"a": 1})
    old.keep()
    monkeypatch.setattr(known, "_reader", lambda: b"another program")
    new = shared()
    assert new.get("route", "one") is None
    new.put("route", "one", {"a": 2})
    new.keep()
    assert len(list((tmp_path / "beside").iterdir())) == 1


def test_a_program_nobody_may_write_beside_has_its_knowledge_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(known.os, "access", lambda *_: False)
    monkeypatch.setattr(known, "_reader", lambda: b"a program that nobody has run")
    assert known.Shared.beside() is None
    here = known.Known(tmp_path / "here", None)
    here.put("route", "built-in", {"a": 1}, builtin=True)
    here.keep()
    assert known.Known(tmp_path / "here").get("route", "built-in") == {"a": 1}
