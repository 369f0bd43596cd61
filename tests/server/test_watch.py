"""Files that changed are noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from torouter.server.watch import Watch, look


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


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
def test_a_change_is_told_once_and_when_it_is_over(tmp_path: Path, change: str) -> None:
    file, clock = tmp_path / "routes.yaml", Clock()
    file.write_text("a: 1\n")
    watch = Watch([tmp_path], 1, clock)

    def told() -> bool:
        clock.now += 1
        return watch.changed()

    assert not told()
    match change:
        case "written":
            file.write_text("a: 12\n")
        case "added":
            (tmp_path / "more.yaml").write_text("b: 1\n")
        case "removed":
            file.unlink()
    assert [told() for _ in range(4)] == [False, True, False, False]


def test_what_changes_all_the_time_is_not_told(tmp_path: Path) -> None:
    file, clock = tmp_path / "routes.yaml", Clock()
    watch, told = Watch([tmp_path], 1, clock), list[bool]()
    for length in range(5):
        file.write_text("a" * length)
        clock.now += 1
        told.append(watch.changed())
    assert told == [False] * 5


def test_what_changed_and_changed_back_is_not_told(tmp_path: Path) -> None:
    clock = Clock()
    watch = Watch([tmp_path], 1, clock)
    (tmp_path / "routes.yaml").touch()
    clock.now += 1
    assert not watch.changed()
    (tmp_path / "routes.yaml").unlink()
    for _ in range(3):
        clock.now += 1
        assert not watch.changed()


def test_nothing_is_looked_at_before_its_time(tmp_path: Path) -> None:
    clock = Clock()
    watch = Watch([tmp_path], 1, clock)
    (tmp_path / "routes.yaml").touch()
    assert [watch.changed() for _ in range(3)] == [False] * 3
