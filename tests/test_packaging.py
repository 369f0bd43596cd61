"""A wheel built from the project works in an empty environment outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run with nothing of the repository in reach."""
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**clean, "HOME": str(cwd)}, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git knows, so that nothing untracked or stale gets in."""
    source = tmp_path_factory.mktemp("source")
    listed = run("git", "-C", PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=source)
    assert listed.returncode == 0, listed.stderr
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((PROJECT / name).read_bytes())
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", source / "dist", source, cwd=source)
    assert built.returncode == 0, built.stdout + built.stderr
    return next((source / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel; its dependencies are those of this one, by path."""
    place = tmp_path_factory.mktemp("elsewhere")
    assert run(sys.executable, "-m", "venv", "--without-pip", place / "venv", cwd=place).returncode == 0
    site = next((place / "venv" / "lib").glob("python*/site-packages"))
    pip = (sys.executable, "-m", "pip", "--python", place / "venv" / "bin" / "python")
    installed = run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=place)
    assert installed.returncode == 0, installed.stderr
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "venv" / "bin"


def test_the_wheel_installs_nothing_at_top_level_but_itself(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"torouter"}


def test_the_wheel_carries_every_data_file(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f"torouter/{path.relative_to(PROJECT)}"
        for folder, suffix in (("routes", "yaml"), ("transforms", "yaml"), ("schema", "json"), ("schema", "yaml"))
        for path in (PROJECT / folder).rglob(f"*.{suffix}")
    }
    assert wanted - carried == set()
    assert any(name.endswith("licenses/LICENSE") for name in carried)


def test_the_installed_package_is_the_one_of_the_wheel(environment: Path, tmp_path: Path) -> None:
    asked = run(environment / "python", "-c", "import torouter; print(torouter.__file__)", cwd=tmp_path)
    assert asked.stdout.startswith(str(environment.parent)), asked.stdout + asked.stderr


def test_the_place_of_the_built_in_files_is_where_they_are(environment: Path, tmp_path: Path) -> None:
    shown = "from torouter.cli.serve import built_in; print(built_in())"
    asked = run(environment / "python", "-c", shown, cwd=tmp_path)
    assert (Path(asked.stdout.strip()) / "providers.yaml").is_file(), asked.stdout + asked.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["validate"]])
def test_the_command_works_there(environment: Path, tmp_path: Path, arguments: list[str]) -> None:
    done = run(environment / "torouter", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
