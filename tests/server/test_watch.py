"""Files that changed are noticed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from torouter.server.watch import look, watch


def test_files_of_a_configuration_are_seen_and_others_are_not(tmp_path: Path) -> None:
    for name in ("routes.yaml", "transforms/letters/protocol.yaml", "schema/letters.schema.json", "notes.txt", ".git/config.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a: 1\n")
    seen = {str(Path(path).relative_to(tmp_path)) for path in look([tmp_path])}
    assert seen == {"routes.yaml", "transforms/letters/protocol.yaml", "schema/letters.schema.json"}


def test_a_single_file_is_seen_and_one_that_is_gone_is_not(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    assert not look([file])
    file.write_text("a: 1\n")
    assert list(look([file])) == [str(file)]


@pytest.mark.parametrize("change", ["written", "added", "removed"])
async def test_a_change_is_told_once_it_is_over(tmp_path: Path, change: str) -> None:
    file, told = tmp_path / "routes.yaml", asyncio.Event()
    file.write_text("a: 1\n")

    async def changed() -> None:
        told.set()

    watching = asyncio.create_task(watch([tmp_path], 0.01, changed))
    await asyncio.sleep(0.1)
    assert not told.is_set()
    match change:
        case "written":
            file.write_text("a: 12\n")
        case "added":
            (tmp_path / "more.yaml").write_text("b: 1\n")
        case "removed":
            file.unlink()
    async with asyncio.timeout(10):
        await told.wait()
    watching.cancel()
