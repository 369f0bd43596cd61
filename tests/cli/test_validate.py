"""`torouter validate`: exit codes and formats."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torouter.cli import main
from torouter.config import load as load_module
from torouter.config.schema import ROUTE
from torouter.config.sources import BUILTIN, Source

GOOD = "providers:\n  one: {kind: sandbox}\n"
WARNS = "providers:\n  one: {kind: sandbox}\n  two: null\n"
BAD = "settings:\n  workers: few\n"


@pytest.fixture(autouse=True)
def nothing_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module, "builtin_sources", lambda _: [])
    monkeypatch.setattr("torouter.cli.validate.load_cases", lambda *_: [])


def validate(tmp_path: Path, text: str, *options: str) -> Result:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    return CliRunner().invoke(main, ["validate", str(file), *options])


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [(GOOD, [], 0), (BAD, [], 1), (WARNS, [], 0), (WARNS, ["--strict"], 2), (BAD, ["--strict"], 1)],
)
def test_the_exit_code_tells_what_was_found(text: str, options: list[str], code: int, tmp_path: Path) -> None:
    assert validate(tmp_path, text, *options).exit_code == code


def test_what_cannot_be_read_exits_with_3(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["validate", str(tmp_path / "nowhere")]).exit_code == 3


def test_a_missing_secret_is_an_error_only_when_asked_for(tmp_path: Path) -> None:
    text = "providers:\n  one: {kind: sandbox, auth: {bearer: env:NO_SUCH_VARIABLE}}\n"
    assert validate(tmp_path, text).exit_code == 0
    result = validate(tmp_path, text, "--resolve-secrets", "--format", "line")
    assert result.exit_code == 1
    assert "error[unresolved-secret]" in result.stdout


def test_only_secrets_that_files_of_a_user_need_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built_in = tmp_path / "built-in.yaml"
    built_in.write_text(
        "providers:\n"
        "  named: {kind: sandbox, auth: {bearer: env:NO_SUCH_VARIABLE}}\n"
        "  unused: {kind: sandbox, auth: {bearer: env:NO_OTHER_VARIABLE}}\n"
    )
    monkeypatch.setattr(load_module, "builtin_sources", lambda _: [Source("built-in.yaml", built_in, BUILTIN, ROUTE)])
    text = "models:\n  m: {targets: [{provider: named}]}\n"
    result = validate(tmp_path, text, "--resolve-secrets", "--format", "line")
    assert "NO_SUCH_VARIABLE" in result.stdout
    assert "NO_OTHER_VARIABLE" not in result.stdout


def test_terminal_shows_the_line_and_a_summary(tmp_path: Path) -> None:
    result = validate(tmp_path, BAD)
    assert "    2 |   workers: few\n      |            ^^^\n" in result.stdout
    assert result.stderr == "1 file: 1 error, 0 warnings\n"


def test_line_is_one_line_for_each_finding(tmp_path: Path) -> None:
    assert len(validate(tmp_path, BAD, "--format", "line").stdout.splitlines()) == 1


def test_json_holds_code_and_place(tmp_path: Path) -> None:
    (item,) = json.loads(validate(tmp_path, BAD, "--format", "json").stdout)
    assert (item["code"], item["span"]["line"], item["span"]["column"]) == ("wrong-type", 2, 12)


def test_sarif_holds_rule_level_and_region(tmp_path: Path) -> None:
    log = json.loads(validate(tmp_path, BAD, "--format", "sarif").stdout)
    (result,) = log["runs"][0]["results"]
    assert log["version"] == "2.1.0"
    assert (result["ruleId"], result["level"]) == ("wrong-type", "error")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 12, "endColumn": 15}


def test_schema_prints_the_schema_of_a_kind() -> None:
    result = CliRunner().invoke(main, ["schema", "stream.decode"])
    assert json.loads(result.stdout)["$id"] == "transform/stream.decode.schema.json"


def test_unknown_commands_are_refused() -> None:
    result = CliRunner().invoke(main, ["valdate"])
    assert result.exit_code == 2
    assert 'There is no command valdate; did you mean "validate"?' in result.stderr
