"""`torouter models`, `routes` and `schema`: what there is, as tables and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torouter.cli import main
from torouter.config import load as load_module
from torouter.config.schema import KINDS

HERE = Path(__file__).parent / "explain"
SECRET = "sk-canary"


@pytest.fixture(autouse=True)
def own_files_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module, "builtin_sources", lambda _: [])
    monkeypatch.chdir(HERE)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments], env={"NORTH_KEY": SECRET, "SOUTH_KEY": None})


@pytest.mark.parametrize("name", ["models", "routes"])
def test_a_table_is_written_word_for_word(name: str, bless: bool) -> None:
    result = run(name, "folder")
    expected = HERE.parent / f"{name}.txt"
    if bless:
        expected.write_text(result.output, "utf-8")
    assert result.output == expected.read_text("utf-8")
    assert result.exit_code == 0


def models(*options: str) -> dict[str, bool]:
    return {entry["id"]: entry["ready"] for entry in json.loads(run("models", "folder", "--format", "json", *options).output)}


def test_a_model_without_a_secret_is_listed_as_not_ready() -> None:
    assert models() == {"small": True, "far": False, "free-*": True, "held-*": True, "spread": True, "wide": False}


@pytest.mark.parametrize("options", [["--key", "few"], ["--group", "narrow"]])
def test_only_what_a_group_may_call_is_listed(options: list[str]) -> None:
    assert models(*options) == {"small": False}


def test_json_says_why_a_target_cannot_be_called() -> None:
    (small, *_) = json.loads(run("models", "folder", "--format", "json").output)
    assert small["aliases"] == ["tiny"]
    assert [target["problem"] for target in small["targets"]] == [None, "its secret env:SOUTH_KEY is not set"]


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--group", "narow"], 'there is no group narow; did you mean "narrow"?'), (["--key", "zzz"], "there is no key zzz; known: all, few, old")],
)
def test_an_unknown_name_is_told_with_what_is_known(options: list[str], said: str) -> None:
    result = run("models", "folder", *options)
    assert (result.exit_code, said in result.output) == (2, True)


def test_routes_as_json_stand_below_every_mount_and_say_where_they_are_written() -> None:
    (first, *_) = json.loads(run("routes", "folder", "--format", "json").output)
    assert first["addresses"] == [{"method": "POST", "path": "/tale"}, {"method": "POST", "path": "/api/tale"}]
    assert (first["id"], first["surface"], first["where"]) == ("tale.ask", "main", "folder/routes.yaml:10")


@pytest.mark.parametrize("arguments", [["models"], ["routes"], ["models", "--format", "json"], ["routes", "--format", "json"]])
def test_no_secret_is_listed(arguments: list[str]) -> None:
    assert SECRET not in run(arguments[0], "folder", *arguments[1:]).output


@pytest.mark.parametrize("name", ["models", "routes"])
def test_files_with_errors_are_not_listed(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("settings: {workers: few}\n")
    assert run(name, str(tmp_path)).exit_code == 1


def test_schema_lists_every_kind_with_what_it_is() -> None:
    lines = run("schema").output.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(KINDS)
    assert all(len(line.split()) > 2 for line in lines)


@pytest.mark.parametrize("kind", KINDS)
def test_schema_prints_every_kind(kind: str) -> None:
    assert json.loads(run("schema", kind).output)["$schema"].endswith("2020-12/schema")


def test_every_schema_of_a_file_is_a_kind() -> None:
    folder = Path(__file__).parents[2] / "schema"
    shipped = {path.name.removesuffix(".schema.json") for place in (folder, folder / "transform") for path in place.glob("*.schema.json")}
    assert shipped - set(KINDS) <= {"grammar"}  # of the shipped protocols only, read by tests and by `coverage`
