"""Secrets are found where files say, and shown nowhere."""

import copy
import pickle
from pathlib import Path

import pytest
from torouter.config.load import load_project
from torouter.config.secrets import Secret, parse_secret
from torouter.diagnostics import Diagnostics, render_json, render_line, render_sarif, render_terminal

CANARY = "canary-3f9a"


def test_a_variable_is_read_and_its_white_space_dropped() -> None:
    secret = parse_secret("env:TOKEN").resolve({"TOKEN": f" {CANARY}\n"})
    assert secret is not None
    assert secret.reveal() == CANARY


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{CANARY}\n")
    secret = parse_secret(f"file:{file}").resolve({})
    assert secret is not None
    assert secret.reveal() == CANARY


@pytest.mark.parametrize("reference", ["env:TOKEN", "env:EMPTY", "file:/no/such/file"])
def test_what_is_absent_or_empty_is_no_secret(reference: str) -> None:
    assert parse_secret(reference).resolve({"EMPTY": "  "}) is None


def test_a_secret_never_shows_itself() -> None:
    secret = Secret(CANARY)
    shown = f"{secret} {secret!r} {[secret]}"
    assert CANARY not in shown
    for write in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="not written anywhere"):
            write(secret)


@pytest.mark.parametrize(
    "auth",
    [
        f"{{bearer: {CANARY}}}",
        f"{{bearr: {CANARY}}}",
        f"{{header: x-key, value: '{CANARY}'}}",
        f"[{CANARY}]",
        CANARY,
        f"{{bearer: {{token: {CANARY}}}}}",
    ],
)
def test_a_secret_written_into_a_file_is_refused_without_showing_it(auth: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"providers:\n  one:\n    kind: sandbox\n    auth: {auth}\n")
    diagnostics = Diagnostics()
    load_project(file, diagnostics, builtin=False)
    assert diagnostics.failed
    for render in (render_terminal, render_line, render_json, render_sarif):
        assert CANARY not in render(diagnostics)
