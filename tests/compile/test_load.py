"""A project is compiled without the collector of garbage, which is afterwards what it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from torouter.compile import compile_project, load as loading
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics

MADE_UP = Path(__file__).parents[1] / "made_up"


@pytest.fixture(params=[True, False], ids=["on", "off"])
def enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


def test_the_collector_rests_meanwhile_and_is_as_before_afterwards(
    enabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    original = loading.compile_surfaces
    monkeypatch.setattr(loading, "compile_surfaces", lambda *given: (seen.append(gc.isenabled()), original(*given))[1])
    found = Diagnostics()
    compile_project(load_project(MADE_UP, found, builtin=False), found)
    assert (seen, gc.isenabled()) == ([False], enabled)


def test_a_failure_leaves_the_collector_as_it_was(enabled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(loading, "compile_surfaces", failing)
    found = Diagnostics()
    with pytest.raises(RuntimeError):
        compile_project(load_project(MADE_UP, found, builtin=False), found)
    assert gc.isenabled() == enabled
