"""`torouter explain` with the built-in files: every field of every translation stands in a line that is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from torouter.cli import main

pytestmark = pytest.mark.usefixtures("held")

PROJECT = Path(__file__).parents[2]
CHAT = {
    "model": "claude-opus-4-7",
    "max_tokens": 100,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi."}, {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
}
MESSAGES = {"model": "gpt-5", "max_tokens": 100, "system": "Be brief.", "messages": [{"role": "user", "content": "Hi."}]}


@pytest.mark.parametrize(
    ("path", "body", "provider"),
    [("/v1/chat/completions", CHAT, "anthropic"), ("/v1/messages", MESSAGES, "openai")],
)
def test_every_field_stands_in_a_line_that_is_there(path: str, body: object, provider: str, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(body))
    result = CliRunner().invoke(main, ["explain", str(file), "--path", path, "--provider", provider, "--format", "json"])
    request = json.loads(result.output)["request"]
    assert request["way"] == "translation"
    assert {made["path"].partition(".")[0].partition("[")[0] for made in request["fields"]} == set(request["body"])
    for made in request["fields"]:
        name, _, line = made["where"].rpartition(":")
        written = (PROJECT / name).read_text("utf-8").splitlines()[int(line) - 1]
        assert written.strip(), made


@pytest.mark.parametrize(
    ("body", "endpoint"),
    [
        (MESSAGES, "anthropic.messages"),
        ({**CHAT, "frequency_penalty": 0.5}, "openai.chat"),
    ],
)
def test_a_body_belongs_to_the_protocol_that_has_a_rule_for_all_of_it(body: object, endpoint: str, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(body))
    result = CliRunner().invoke(main, ["explain", str(file), "--format", "json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["endpoint"]["id"] == endpoint
