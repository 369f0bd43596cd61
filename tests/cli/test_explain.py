"""`torouter explain`: the whole text of every kind of outcome, word for word; `pytest --bless` rewrites what is expected."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torouter.cli import main
from torouter.config import load as load_module

HERE = Path(__file__).parent / "explain"
CANARY = "canary"
SECRETS = {"NORTH_KEY": f"sk-north-{CANARY}", "SOUTH_KEY": f"sk-south-{CANARY}"}

# name: request, arguments, secrets that are set, exit status
CASES: dict[str, tuple[str, list[str], tuple[str, ...], int]] = {
    "passthrough": ("tale", ["--path", "/tale"], ("NORTH_KEY",), 0),
    "passthrough-of-a-name-that-stays": ("tale", ["--path", "/tale", "--model", "free-1"], ("NORTH_KEY",), 0),
    "a-name-filled-into-its-target": ("tale", ["--path", "/tale", "--model", "held-1"], ("NORTH_KEY",), 0),
    "translation": ("tale", ["--path", "/tale"], ("SOUTH_KEY",), 0),
    "a-provider-that-would-not-be-called": ("tale", ["--path", "/tale", "--provider", "south"], ("NORTH_KEY",), 0),
    "only-the-sandbox-is-left": ("tale", ["--path", "/tale"], (), 0),
    "an-alias": ("tale", ["--path", "/tale", "--model", "tiny"], ("NORTH_KEY", "SOUTH_KEY"), 0),
    "a-group-without-a-provider": ("tale", ["--path", "/tale", "--key", "few"], ("NORTH_KEY", "SOUTH_KEY"), 0),
    "a-guessed-endpoint": ("tale", [], ("NORTH_KEY",), 0),
    "a-guessed-address-with-a-model": ("memo", ["--model", "small"], ("SOUTH_KEY",), 0),
    "a-model-in-the-address": ("memo", ["--path", "/memo/small"], ("SOUTH_KEY",), 0),
    "a-whole-request": ("whole", [], ("SOUTH_KEY",), 0),
    "a-forwarded-header": ("tale", ["--path", "/tale", "--header", "X-Version: 2"], ("NORTH_KEY",), 0),
    "a-list-of-models": ("list", [], ("NORTH_KEY",), 0),
    "turns-and-fallbacks": ("tale", ["--path", "/tale", "--model", "spread"], ("NORTH_KEY", "SOUTH_KEY"), 0),
    "what-sticks-to-one-target": (
        "tale", ["--path", "/tale", "--model", "spread", "--header", "x-session: 2"], ("NORTH_KEY", "SOUTH_KEY"), 0,
    ),
    "refused-unknown-model": ("tale", ["--path", "/tale", "--model", "smal"], ("NORTH_KEY",), 3),
    "refused-by-the-group": ("tale", ["--path", "/tale", "--model", "far", "--key", "few"], ("SOUTH_KEY",), 3),
    "refused-unconfigured": ("tale", ["--path", "/tale", "--model", "far"], (), 3),
    "refused-address": ("tale", ["--path", "/tales"], (), 3),
    "refused-key": ("tale", ["--path", "/tale", "--key", "old"], ("NORTH_KEY",), 3),
    "refused-two-credentials": (
        "tale",
        ["--path", "/tale", "--header", f"x-key: {CANARY}1", "--header", f"authorization: Bearer {CANARY}2"],
        ("NORTH_KEY",),
        3,
    ),
    "refused-loss": ("limited", ["--path", "/tale"], ("SOUTH_KEY",), 3),
}


@pytest.fixture(autouse=True)
def own_files_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module, "builtin_sources", lambda _: [])
    monkeypatch.chdir(HERE)


def explain(request: str, arguments: list[str], secrets: tuple[str, ...] = (), form: str = "text") -> Result:
    env = {name: SECRETS[name] if name in secrets else None for name in SECRETS}
    return CliRunner().invoke(main, ["explain", f"requests/{request}.json", "folder", *arguments, "--format", form], env=env)


@pytest.mark.parametrize("name", CASES)
def test_an_outcome_is_told_word_for_word(name: str, bless: bool) -> None:
    request, arguments, secrets, status = CASES[name]
    result = explain(request, arguments, secrets)
    expected = HERE / "expected" / f"{name}.txt"
    if bless:
        expected.write_text(result.output, "utf-8")
    assert result.output == expected.read_text("utf-8")
    assert result.exit_code == status


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", CASES)
def test_no_secret_is_shown(name: str, form: str) -> None:
    request, arguments, secrets, _ = CASES[name]
    assert CANARY not in explain(request, arguments, secrets, form).output


def test_every_expected_text_belongs_to_a_case() -> None:
    assert {path.stem for path in (HERE / "expected").iterdir()} == set(CASES)


def test_json_holds_the_same(bless: bool) -> None:
    report = json.loads(explain("tale", ["--path", "/tale"], ("SOUTH_KEY",), "json").output)
    assert report["request"]["fields"][0] == {"path": "kind", "where": "folder/transforms/memo/request.encode.yaml:6"}
    assert [target["skipped"] is None for target in report["targets"]] == [False, True, False]
    assert report["losses"][0]["path"] == "sampling.seed"


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        ("{", [], "the file is not JSON"),
        ("[]", [], "the file holds no JSON object"),
        ('{"path": "/tale", "headers": {"a": 1}}', [], '"headers" must be an object of texts'),
        ('{"nothing": 1}', [], "no protocol reads this body; choose one: --path /tale, --path /memo/{model}"),
        ('{"text": "a", "lines": ["b"]}', [], "several protocols read this body; choose one: --path /tale, --path /memo/{model}"),
        ('{"text": "a"}', [], "the address /memo/{model} holds the model: give --model, or the whole address with --path"),
        ("{}", ["--header", "x"], "'x' is no header; write NAME: VALUE"),
        ("{}", ["--path", "/tale", "--key", "fw"], 'there is no key fw; did you mean "few"?'),
    ],
)
def test_what_is_not_clear_is_said(content: str, arguments: list[str], said: str, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(content)
    result = CliRunner().invoke(main, ["explain", str(file), "folder", *arguments])
    assert said in result.output
    assert result.exit_code == 2


def test_files_with_errors_are_not_explained(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("settings: {workers: few}\n")
    result = CliRunner().invoke(main, ["explain", "requests/tale.json", str(tmp_path)])
    assert (result.exit_code, "error[wrong-type]" in result.output) == (1, True)


def test_the_request_may_come_from_the_input() -> None:
    result = CliRunner().invoke(main, ["explain", "-", "folder"], input=(HERE / "requests/whole.json").read_text(), env={**os.environ, **SECRETS})
    assert "https://south.example/v1/far-1:ask?key=(env:SOUTH_KEY)" in result.output
