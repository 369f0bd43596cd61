"""What is compiled already, and still held, is not compiled again; what changed is."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics
from torouter.language.origins import Origins

MADE_UP = Path(__file__).parents[1] / "made_up"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copytree(MADE_UP / "transforms", tmp_path / "transforms")
    return tmp_path


def load(folder: Path, origins: Origins | None = None) -> tuple[Snapshot, list[str]]:
    found = Diagnostics()
    compiled = compile_project(load_project(folder, found, builtin=False), found, origins)
    return compiled, [item.code for item in found.items]


def changed(folder: Path, name: str, old: str, new: str) -> None:
    file = folder / "transforms" / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_the_same_files_give_the_same_protocols(folder: Path) -> None:
    (first, _), (again, _) = load(folder), load(folder)
    assert again.protocols["letters"] is first.protocols["letters"]
    assert again.dialects["abroad"] is first.dialects["abroad"]


def test_a_changed_file_gives_another_protocol_and_other_dialects(folder: Path) -> None:
    first, _ = load(folder)
    changed(folder, "letters/response.encode.yaml", "  written_at: =response.created\n", "")
    again, _ = load(folder)
    assert again.protocols["letters"] is not first.protocols["letters"]
    assert again.dialects["abroad"].response_encode is again.protocols["letters"].response_encode


def test_a_changed_patch_gives_another_dialect_of_the_same_protocol(folder: Path) -> None:
    first, _ = load(folder)
    changed(folder, "dialects/abroad.yaml", "mark: =event", "mark: =event.kind")
    again, _ = load(folder)
    assert again.protocols["letters"] is first.protocols["letters"]
    assert again.dialects["abroad"] is not first.dialects["abroad"]


def test_what_is_wrong_is_said_each_time(folder: Path) -> None:
    changed(folder, "letters/response.encode.yaml", "=response.created", "=answer.created")
    (_held, first), (_, again) = load(folder), load(folder)
    assert first == again
    assert "unknown-root" in first


def test_what_notes_origins_is_nobody_elses(folder: Path) -> None:
    first, _ = load(folder)
    (noting, _), (other, _) = load(folder, Origins()), load(folder, Origins())
    protocols = [snapshot.protocols["letters"] for snapshot in (first, noting, other, load(folder)[0])]
    assert protocols[3] is protocols[0]
    assert len(set(map(id, protocols))) == 3
