"""Files that are known to be right together are compiled when they are first used, to just what they always are."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from shutil import copytree

import pytest
from torouter.compile import Snapshot, compile_project, held
from torouter.config.known import Known
from torouter.config.load import Project, load_project
from torouter.diagnostics import Diagnostics
from torouter.language.mapping import CompiledMapping
from torouter.protocol import WireProtocol, amended, folder as folders
from torouter.wire.framing import Framing

MADE_UP = Path(__file__).parents[1] / "made_up"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("transforms", "routes"):
        copytree(MADE_UP / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of protocols of which something was compiled, once for each shape."""
    seen, original = list[str](), folders.compile_mapping

    def noted(where, *rest):
        seen.append(where.document.file.rpartition("/")[2])
        return original(where, *rest)

    monkeypatch.setattr(folders, "compile_mapping", noted)
    return seen


def loaded(folder: Path) -> Project:
    """The project as it is loaded after a start in which nothing was found."""
    found, known = Diagnostics(), Known(folder / ".torouter")
    project = load_project(folder, found, builtin=False, known=known)
    if not project.sound:
        compile_project(project, found)
        assert found.items == []
        known.approve((it.layer, it.file, it.text) for it in project.documents)
        known.keep()
        held._HELD.clear()
        return loaded(folder)
    return project


def snapshot(project: Project) -> Snapshot:
    found = Diagnostics()
    made = compile_project(project, found)
    assert found.items == []
    return made


def reads(protocol: WireProtocol) -> dict[str, object]:
    """What each member of a protocol is, as far as it can be compared."""
    said: dict[str, object] = {"kind": [name for name in dir(protocol) if not name.startswith("_") and name != "makes"]}
    for field in fields(protocol):
        value = getattr(protocol, field.name)
        make = value if isinstance(value, CompiledMapping) else getattr(value, "make", None)
        said[field.name] = value if isinstance(value, str | Framing) or value is None else type(value)
        said[f"{field.name}.reads"] = make.reads if isinstance(make, CompiledMapping) else None
    return said


def test_nothing_is_compiled_before_it_is_used(folder: Path, compiled: list[str]) -> None:
    project = loaded(folder)
    compiled.clear()
    letters = snapshot(project).protocols["letters"]
    assert compiled == []
    first = letters.request_decode
    assert set(compiled) == {"request.decode.yaml"}
    compiled.clear()
    assert letters.request_decode is first
    assert compiled == []


def test_what_is_compiled_late_is_what_is_compiled_at_once(folder: Path) -> None:
    project = loaded(folder)
    late = snapshot(project)
    held._HELD.clear()
    at_once = snapshot(replace(project, sound=False))
    for one, other in ((late.protocols, at_once.protocols), (late.dialects, at_once.dialects)):
        assert {name: reads(made) for name, made in one.items()} == {name: reads(made) for name, made in other.items()}


def test_a_dialect_compiles_what_it_changes_and_has_the_rest_of_its_protocol(folder: Path, compiled: list[str]) -> None:
    project = loaded(folder)
    compiled.clear()
    made = snapshot(project)
    abroad, letters = made.dialects["abroad"], made.protocols["letters"]
    assert compiled == []
    assert abroad.request_decode is letters.request_decode
    assert abroad.stream_decode is not letters.stream_decode


def test_what_is_made_of_a_late_protocol_is_as_late(folder: Path, compiled: list[str]) -> None:
    letters = snapshot(loaded(folder)).protocols["letters"]
    compiled.clear()
    other = amended(letters, {"framing": Framing("ndjson")}, {"count_encode": lambda: None})
    assert compiled == []
    assert (other.framing.kind, other.count_encode, letters.framing.kind) == ("ndjson", None, letters.framing.kind)
    assert other.response_encode is letters.response_encode


def test_a_member_that_no_protocol_has_is_none_of_a_late_one(folder: Path) -> None:
    with pytest.raises(AttributeError):
        _ = snapshot(loaded(folder)).protocols["letters"].nonsense  # type: ignore[attr-defined]


def test_files_that_changed_are_compiled_at_once(folder: Path, compiled: list[str]) -> None:
    loaded(folder)
    file = folder / "transforms" / "letters" / "response.encode.yaml"
    file.write_text(file.read_text("utf-8") + "# something else\n", "utf-8")
    found = Diagnostics()
    project = load_project(folder, found, builtin=False, known=Known(folder / ".torouter"))
    assert not project.sound
    held._HELD.clear()
    compiled.clear()
    compile_project(project, found)
    assert "response.encode.yaml" in compiled


def test_a_protocol_is_late_when_only_other_files_changed(folder: Path, compiled: list[str]) -> None:
    project, known = loaded(folder), Known(folder / ".torouter")
    for written in project.parts().values():
        known.approve(written)
    known.keep()
    changed = folder / "transforms" / "letters" / "response.encode.yaml"
    (folder / "routes" / "mine.yaml").write_text("settings: {strict: true}\n", "utf-8")
    for text in (changed.read_text("utf-8"), changed.read_text("utf-8") + "# something else\n"):
        changed.write_text(text, "utf-8")
        project = load_project(folder, Diagnostics(), builtin=False, known=Known(folder / ".torouter"))
        assert not project.sound
        held._HELD.clear()
        compiled.clear()
        made = snapshot(project)
        assert ("response.encode.yaml" in compiled) is text.endswith("else\n")
    assert made.settings.strict
