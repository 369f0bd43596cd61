"""A gateway begins with files that are right, and each of them is looked through before it is served."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from torouter.diagnostics import Diagnostics, Span
from torouter.server import loading
from torouter.server.files import Files
from torouter.server.loading import Beginning, Loaded, begin, check
from torouter.server.nameless import nameless

Finds = Callable[..., list[int]]


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Finds:
    """Says what loading gives from now on, where nothing means that the files are not right, and whether they are known.

    It gives a list that grows with each process in which files are looked through; tests have threads and do not fork.
    """
    checked: list[int] = []

    def gives(loaded: Loaded | None, *, known: bool = False) -> list[int]:
        def load(files: Files, folder: Path | None, diagnostics: Diagnostics) -> Loaded | None:
            if loaded is None:
                diagnostics.error("bad-value", Span(f"{folder}/bad.yaml", 3, 1), "the value is nonsense")
            return loaded

        monkeypatch.setattr(loading, "load", load)
        monkeypatch.setattr(loading, "load_known", load if known else lambda *_: None)
        monkeypatch.setattr(loading, "result", lambda run: checked.append(1) or run())

        return checked

    return gives


def some() -> Loaded:
    return Loaded(object(), object())  # type: ignore[arg-type] - nobody looks into it


def test_files_that_are_known_to_be_right_are_loaded_at_once(finds: Finds) -> None:
    checked = finds(first := some(), known=True)
    beginning = begin(None)
    assert beginning is not None
    assert (beginning.diagnostics.items, beginning.loaded, checked) == ([], first, [])


def test_files_that_are_not_known_are_first_looked_through_in_a_process_of_its_own(finds: Finds) -> None:
    checked = finds(first := some())
    beginning = begin(None)
    assert beginning is not None
    assert (beginning.loaded, checked) == (first, [1])


def test_files_that_are_wrong_at_the_beginning_are_told_once(
    finds: Finds, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    checked = finds(None)
    assert begin(tmp_path) is None
    assert (capfd.readouterr().err.count("bad.yaml:3"), checked) == (1, [1])


def test_a_file_that_cannot_be_read_is_wrong_also_where_the_others_are_known(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "result", lambda run: run())
    (tmp_path / "routes.yaml").write_bytes(b"\xff")
    assert begin(tmp_path) is None
    assert "not UTF-8" in capfd.readouterr().err


def test_a_worker_takes_what_there_is_along(finds: Finds) -> None:
    beginning = Beginning(Files.read(None, Diagnostics()), first := some(), Diagnostics())
    assert beginning.give() is first
    assert (beginning.give(), beginning.files) == (None, Files((), ()))


def test_a_check_keeps_files_that_are_right(finds: Finds, capfd: pytest.CaptureFixture[str]) -> None:
    finds(some())
    descriptor = nameless()
    assert check(None, descriptor) == 0
    assert Files.kept(descriptor).routes
    assert capfd.readouterr().err == ""


def test_a_check_tells_what_is_wrong_and_keeps_nothing(
    finds: Finds, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    finds(None)
    descriptor = nameless()
    assert check(tmp_path, descriptor) == 1
    assert "bad.yaml:3" in capfd.readouterr().err
    with pytest.raises(ValueError):
        Files.kept(descriptor)
