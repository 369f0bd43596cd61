"""Layers: what a user's files do to those below, and that all errors come at once."""

from pathlib import Path

import pytest
from torouter.config import load as load_module
from torouter.config.load import Project, load_project
from torouter.config.sources import BUILTIN, USER, Source
from torouter.diagnostics import Diagnostics

LOWER = """
providers:
  one:
    kind: sandbox
    script: lower
    timeouts: {connect: 5s, total: 60s}
  two: {kind: sandbox}
models:
  small: {targets: [{provider: one}]}
"""


class Layers:
    """Two layers of one route file each, loaded together."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.diagnostics = Diagnostics()

    def load(self, upper: str, lower: str = LOWER) -> Project:
        files = {BUILTIN: self._folder / "lower.yaml", USER: self._folder / "upper.yaml"}
        files[BUILTIN].write_text(lower)
        files[USER].write_text(upper)
        source = Source("lower.yaml", files[BUILTIN], BUILTIN, "route")
        self._monkeypatch.setattr(load_module, "builtin_sources", lambda _: [source])
        return load_project(files[USER], self.diagnostics)

    @property
    def codes(self) -> list[str]:
        return [item.code for item in self.diagnostics.sorted()]


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layers:
    return Layers(tmp_path, monkeypatch)


def test_an_entry_of_the_upper_layer_replaces_the_lower_one_whole(layers: Layers) -> None:
    one = layers.load("providers:\n  one: {kind: sandbox}\n").routes.providers["one"]
    assert layers.codes == []
    assert one.script is None
    assert one.timers.connect is None


def test_extends_patches_member_by_member(layers: Layers) -> None:
    project = layers.load("providers:\n  one:\n    extends: one\n    timeouts: {connect: 1s}\n")
    one = project.routes.providers["one"]
    assert (one.script, one.timers.connect, one.timers.total) == ("lower", 1.0, 60.0)


def test_null_in_a_patch_removes_a_member(layers: Layers) -> None:
    project = layers.load("providers:\n  one:\n    extends: one\n    script: null\n")
    assert project.routes.providers["one"].script is None


def test_an_entry_may_extend_another_of_its_own_layer(layers: Layers) -> None:
    upper = "providers:\n  three: {extends: four, script: three}\n  four: {extends: one}\n"
    three = layers.load(upper).routes.providers["three"]
    assert (three.script, three.timers.total) == ("three", 60.0)


def test_null_removes_an_entry_and_what_needs_it_is_reported(layers: Layers) -> None:
    project = layers.load("providers:\n  one: null\n")
    assert set(project.routes.providers) == {"two"}
    assert layers.codes == ["unknown-reference"]


def test_what_a_patch_breaks_is_reported_where_it_is_written(layers: Layers) -> None:
    lower = "providers:\n  one:\n    kind: sandbox\n    auth: {bearer: env:A}\n"
    layers.load("providers:\n  one:\n    extends: one\n    auth: {query: key, value: env:B}\n", lower)
    (item,) = layers.diagnostics.items
    assert (item.code, item.span and Path(item.span.file).name) == ("unknown-key", "lower.yaml")


def test_new_entries_of_the_upper_layer_are_tried_first(layers: Layers) -> None:
    project = layers.load("providers:\n  nine: {kind: sandbox}\n")
    assert list(project.routes.providers) == ["nine", "one", "two"]


def test_facts_of_all_layers_are_kept_and_the_upper_ones_come_last(layers: Layers) -> None:
    fact = "capabilities:\n  - {match: s*, as_of: 2026-01-01, source: page, max_output: %d}\n"
    project = layers.load(fact % 2, fact % 1)
    assert [fact.facts["max_output"] for fact in project.routes.capabilities] == [1, 2]


def test_errors_of_all_files_and_kinds_come_at_once(layers: Layers) -> None:
    layers.load(
        "groups:\n  g: {models: x, providers: [one]}\nsettings: {workers: x}\nmodels:\n  m: {targets: [{provider: q}]}\n"
    )
    assert layers.codes == ["wrong-type", "wrong-type", "unknown-reference"]


def test_a_reference_to_a_broken_entry_is_not_a_second_error(layers: Layers) -> None:
    layers.load("providers:\n  three: {kind: sandbox, script: 3}\nmodels:\n  m: {targets: [{provider: three}]}\n")
    assert [code for code in layers.codes if code == "unknown-reference"] == []


def test_a_folder_may_hold_files_directly_or_below_routes_and_transforms(tmp_path: Path) -> None:
    (tmp_path / "routes").mkdir()
    (tmp_path / "transforms" / "made").mkdir(parents=True)
    (tmp_path / "direct.yaml").write_text("providers: {one: {kind: sandbox}}")
    (tmp_path / "routes" / "below.yaml").write_text("providers: {two: {kind: sandbox}}")
    (tmp_path / "transforms" / "made" / "protocol.yaml").write_text("protocol: made")
    diagnostics = Diagnostics()
    project = load_project(tmp_path, diagnostics, builtin=False)
    assert diagnostics.items == []
    assert set(project.routes.providers) == {"one", "two"}
    assert set(project.protocols) == {"made"}


def test_a_place_that_does_not_exist_is_unreadable(tmp_path: Path) -> None:
    diagnostics = Diagnostics()
    load_project(tmp_path / "nowhere", diagnostics, builtin=False)
    assert [item.code for item in diagnostics.items] == ["unreadable-file"]
