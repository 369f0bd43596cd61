"""`torouter explain` of a count: what the provider is asked that counts, or the gateway's own estimate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from torouter.cli import main

BODY = {"model": "claude-opus-4-7", "messages": [{"role": "user", "content": "hi"}]}


def explained(folder: Path, *arguments: str) -> Any:
    file = folder / "request.json"
    file.write_text(json.dumps(BODY))
    command = ["explain", str(file), "--path", "/v1/messages/count_tokens", *arguments, "--format", "json"]
    return json.loads(CliRunner().invoke(main, command).output)


@pytest.mark.parametrize(
    ("arguments", "way", "end"),
    [
        (["--provider", "anthropic"], "passthrough", "/v1/messages/count_tokens"),
        (["--model", "gemini-3-flash-preview", "--provider", "gemini"], "translation", ":countTokens?alt=json"),
    ],
    ids=["its own provider", "another's"],
)
def test_a_provider_that_counts_is_asked_to(arguments: list[str], way: str, end: str, tmp_path: Path) -> None:
    request = explained(tmp_path, *arguments)["request"]
    assert (request["way"], request["url"].endswith(end)) == (way, True)


def test_where_nobody_counts_the_estimate_is_shown(tmp_path: Path) -> None:
    said = explained(tmp_path, "--provider", "sandbox")
    assert "request" not in said or said["request"] is None
    assert said["answer"]["headers"]["x-torouter-estimated"] == "true"
    assert said["answer"]["body"]["input_tokens"] > 0
