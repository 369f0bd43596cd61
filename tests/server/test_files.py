"""Files come back from where they were kept as they were read, also when they have changed since."""

from __future__ import annotations

from pathlib import Path

import pytest
from torouter.config.load import Texts
from torouter.diagnostics import Diagnostics
from torouter.server.files import Files
from torouter.server.loading import load
from torouter.server.nameless import nameless

pytestmark = pytest.mark.usefixtures("held")

MODEL = "models:\n  fresh: {targets: [{provider: sandbox, model: gpt-5}]}\n"
SCRIPT = "description: Says hello.\nanswers: [mine]\nsteps:\n  - emit: {type: part.delta, kind: text, text: Hello.}\n"


def told(texts: Texts) -> list[tuple[object, ...]]:
    return [(it.name, it.file.name, it.layer, it.kind, it.protocol, text) for it, text in texts]


def test_what_was_kept_is_loaded_as_if_it_was_still_there(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "routes.yaml").write_text(MODEL)
    (tmp_path / "sandbox" / "mine.yaml").write_text(SCRIPT)
    read = Files.read(tmp_path, Diagnostics())
    read.keep(descriptor := nameless())
    (tmp_path / "routes.yaml").write_text("models: 3\n")
    (tmp_path / "sandbox" / "mine.yaml").unlink()
    kept = Files.kept(descriptor)
    assert [told(kept.routes), told(kept.scripts)] == [told(read.routes), told(read.scripts)]
    loaded = load(kept, tmp_path, found := Diagnostics())
    assert loaded is not None
    assert (found.items, "fresh" in loaded.snapshot.models) == ([], True)
    assert loaded.sandbox.find("mine").name == "mine"


def test_a_single_file_has_no_scripts_beside_it(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(MODEL)
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "mine.yaml").write_text(SCRIPT)
    read = Files.read(tmp_path / "routes.yaml", Diagnostics())
    assert any("fresh" in text for _, text in read.routes)
    assert not any("mine" in text for _, text in read.scripts)
