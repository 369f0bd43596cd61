"""Workers are made of the newest files that were right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from torouter.diagnostics import Diagnostics, Span
from torouter.server import template
from torouter.server.template import Loaded, Template

Finds = Callable[..., list[int]]


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Finds:
    """Says what loading gives from now on, where nothing means that the files are not right, and whether they are known.

    It gives a list that grows with each process in which files are looked through; tests have threads and do not fork.
    """
    checked: list[int] = []

    def gives(loaded: Loaded | None, *, known: bool = False) -> list[int]:
        def load(folder: Path | None, diagnostics: Diagnostics) -> Loaded | None:
            if loaded is None:
                diagnostics.error("bad-value", Span(f"{folder}/bad.yaml", 3, 1), "the value is nonsense")
            return loaded

        monkeypatch.setattr(template, "load", load)
        monkeypatch.setattr(template, "load_known", load if known else lambda *_: None)
        monkeypatch.setattr(template, "result", lambda run: checked.append(1) or run())

        return checked

    return gives


def some() -> Loaded:
    return Loaded(object(), object())  # type: ignore[arg-type] - nobody looks into it


def test_files_that_are_not_right_replace_nothing(finds: Finds) -> None:
    made = Template(None)
    finds(first := some())
    assert not made.renew().failed
    finds(None)
    assert made.renew().failed
    assert made.loaded is first
    finds(second := some())
    made.renew()
    assert made.loaded is second


def test_a_check_tells_what_is_wrong_and_changes_nothing(
    finds: Finds, capfd: pytest.CaptureFixture[str]
) -> None:
    made = Template(Path("here"))
    finds(first := some())
    made.renew()
    finds(some())
    assert (made.check(), capfd.readouterr().err) == (0, "")
    finds(None)
    assert made.check() == 1
    assert "here/bad.yaml:3" in capfd.readouterr().err
    assert made.loaded is first


def test_a_worker_takes_what_there_is_along(finds: Finds) -> None:
    made = Template(None)
    finds(first := some())
    made.renew()
    assert made.give() is first
    with pytest.raises(AssertionError):
        _ = made.loaded


def test_files_that_are_known_to_be_right_are_loaded_at_once(finds: Finds) -> None:
    made, checked = Template(None), finds(first := some(), known=True)
    found = made.begin()
    assert found is not None
    assert (found.items, made.loaded, checked) == ([], first, [])


def test_files_that_are_not_known_are_first_looked_through_in_a_process_of_its_own(finds: Finds) -> None:
    made, checked = Template(None), finds(first := some())
    assert made.begin() is not None
    assert (made.loaded, checked) == (first, [1])


def test_files_that_are_wrong_at_the_beginning_are_told_once(finds: Finds, capfd: pytest.CaptureFixture[str]) -> None:
    made, checked = Template(Path("here")), finds(None)
    assert made.begin() is None
    assert (capfd.readouterr().err.count("here/bad.yaml:3"), checked) == (1, [1])
