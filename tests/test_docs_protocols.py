"""The page on adding a protocol holds: its files are a protocol, and its commands work.

A fenced block ```` ```yaml file=PATH ```` of docs/protocols.md is that file of a user's folder; ```` ```bash try ```` and
```` ```python try ```` run with TOROUTER_URL and TOROUTER_KEY of a gateway on that folder, whose provider `mirror` is
another gateway on the same folder.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.config.schema import TRANSFORM_KINDS
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import Call

from tests.support.gateway import Gateway, running_gateway

pytestmark = pytest.mark.usefixtures("held")

PAGE = (Path(__file__).parents[1] / "docs" / "protocols.md").read_text("utf-8")
FILE = re.compile(r"^```yaml file=(\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TRY = re.compile(r"^```(bash|python) try\n(.*?)^```", re.MULTILINE | re.DOTALL)
ITSELF = "http://127.0.0.1:8080"


def written(folder: Path, mirror: str = ITSELF) -> Path:
    """The folder of the page; `mirror` is the address of its provider."""
    for name, text in FILE.findall(PAGE):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace(ITSELF, mirror), "utf-8")
    return folder


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_gateway(written(tmp_path_factory.mktemp("mirror"))) as mirror:
        folder = written(tmp_path_factory.mktemp("notes"), mirror.url)
        with running_gateway(folder, NOTE_KEY=mirror.key) as running:
            yield running


def test_the_files_are_a_whole_protocol_without_any_finding(tmp_path: Path) -> None:
    found = Diagnostics()
    compile_project(load_project(written(tmp_path), found), found)
    assert render_terminal(found) == ""
    shown = {file.stem for file in (tmp_path / "transforms" / "note").iterdir()}
    assert set(TRANSFORM_KINDS) - shown == {"stored.encode"}  # for endpoints of kept answers, which few protocols have


def test_the_page_lists_every_kind_of_file() -> None:
    assert [kind for kind in TRANSFORM_KINDS if f"| `{kind}.yaml` |" not in PAGE] == []


def test_the_dialect_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    found = Diagnostics()
    elder = compile_project(load_project(written(tmp_path), found), found).providers["elder"].services["note"].protocol
    request = {"turns": [{"role": "user", "parts": [{"kind": "text", "text": "hi"}]}], "max_output": 9}
    body = elder.encode_request(request, Call()).body
    assert (body["limit"], "most" in body) == (9, False)
    assert elder.decode_response({"why": "cut"}, Call())["outputs"][0]["finish"]["reason"] == "length"
    assert [elder.takes(body, {}) for body in ({"talk": []}, {"talk": [], "most": 9})] == [True, False]


@pytest.mark.parametrize(("language", "text"), TRY.findall(PAGE), ids=[language for language, _ in TRY.findall(PAGE)])
def test_a_command_of_the_page_runs(language: str, text: str, gateway: Gateway) -> None:
    command = [sys.executable, "-c"] if language == "python" else ["bash", "-euo", "pipefail", "-c"]
    env = {**os.environ, "TOROUTER_URL": gateway.url, "TOROUTER_KEY": gateway.key}
    done = subprocess.run([*command, text], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    wanted = "The tool answered: 9 °C" if language == "python" else '"why":"calls"'
    assert wanted in done.stdout


def ask(gateway: Gateway, path: str, **body: Any) -> tuple[int, Any]:
    """Status and body of a request with the gateway's key."""
    request = urllib.request.Request(gateway.url + path, json.dumps(body).encode())
    request.add_header("authorization", f"Bearer {gateway.key}")
    request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def test_a_client_of_the_protocol_is_answered_in_its_words(gateway: Gateway) -> None:
    tools = [{"name": "weather", "takes": {"type": "object", "properties": {"city": {"type": "string"}}}}]
    status, answer = ask(gateway, "/note", engine="mirror/tools", tools=tools, talk=[{"from": "me", "say": "hi"}])
    assert (status, answer["why"]) == (200, "calls")
    assert [(call["tool"], list(call["with"])) for call in answer["calls"]] == [("weather", ["city"])]


@pytest.mark.parametrize("model", ["mirror/story", "sandbox/story"], ids=["its provider counts", "nobody counts"])
def test_a_client_of_the_protocol_is_told_the_number_of_tokens(model: str, gateway: Gateway) -> None:
    status, answer = ask(gateway, "/note/count", engine=model, talk=[{"from": "me", "say": "How cold is it?"}])
    assert (status, answer) == (200, {"tokens": 8, "about": True})


@pytest.mark.parametrize(("model", "status", "kind"), [("nobody", 404, "lost"), ("mirror/error", 429, "busy")])
def test_errors_are_said_in_its_words_too(gateway: Gateway, model: str, status: int, kind: str) -> None:
    refused = ask(gateway, "/note", engine=model, talk=[{"from": "me", "say": "hi"}])
    assert (refused[0], refused[1]["oops"]["kind"]) == (status, kind)


def test_an_error_of_an_upstream_that_speaks_it_is_translated(gateway: Gateway) -> None:
    messages = [{"role": "user", "content": "hi"}]
    status, body = ask(gateway, "/v1/chat/completions", model="mirror/error", messages=messages)
    assert status == 429
    assert body["error"]["message"]
