"""Workers are made of the newest files that were right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from torouter.diagnostics import Diagnostics, Span
from torouter.server import template
from torouter.server.template import Loaded, Template


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Callable[[Loaded | None], None]:
    """What loading gives from now on; nothing means that the files are not right."""

    def gives(loaded: Loaded | None) -> None:
        def load(folder: Path | None, diagnostics: Diagnostics) -> Loaded | None:
            if loaded is None:
                diagnostics.error("bad-value", Span(f"{folder}/bad.yaml", 3, 1), "the value is nonsense")
            return loaded

        monkeypatch.setattr(template, "load", load)

    return gives


def some() -> Loaded:
    return Loaded(object(), object())  # type: ignore[arg-type] - nobody looks into it


def test_files_that_are_not_right_replace_nothing(finds: Callable[[Loaded | None], None]) -> None:
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
    finds: Callable[[Loaded | None], None], capfd: pytest.CaptureFixture[str]
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


def test_a_worker_takes_what_there_is_along(finds: Callable[[Loaded | None], None]) -> None:
    made = Template(None)
    finds(first := some())
    made.renew()
    assert made.give() is first
    with pytest.raises(AssertionError):
        _ = made.loaded
