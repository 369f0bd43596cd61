"""`torouter explain` of a request that goes on from a kept answer, and of questions about one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from torouter.cli import main
from torouter.store import Bounds, SqliteStore, StoredAnswer

OURS, THEIRS = "resp_ours", "resp_theirs"


def keep(folder: Path) -> None:
    """Keep an answer of ours, and note one that its provider keeps."""
    turns = [{"role": "user", "parts": [{"kind": "text", "text": "How cold is it?"}]}]
    output = {"index": 0, "parts": [{"kind": "text", "text": "4 °C."}], "finish": {"reason": "stop"}}
    response = {"id": OURS, "model": "claude-opus-4-7", "created": 1, "outputs": [output]}
    body = {"model": "claude-opus-4-7", "input": "How cold is it?"}
    ours = StoredAnswer(
        OURS, "default", "openai-responses", "claude-opus-4-7", time.time(), OURS,
        body=json.dumps(body).encode(), turns=json.dumps(turns).encode(), response=json.dumps(response).encode(),
    )  # fmt: skip
    theirs = StoredAnswer(THEIRS, "default", "openai-responses", "gpt-5", time.time(), THEIRS, provider="openai")
    store = SqliteStore(folder / ".torouter" / "store.sqlite")
    for answer in (ours, theirs):
        store.keep_answer(answer, Bounds(10, 10**6, 1e6))
    store.close()


def explained(folder: Path, request: Any, *arguments: str) -> Any:
    file = folder / "request.json"
    file.write_text(json.dumps(request))
    command = ["explain", str(file), str(folder), *arguments, "--format", "json"]
    return json.loads(CliRunner(env={"OPENAI_API_KEY": "sk-x"}).invoke(main, command).output)


def asking(**members: Any) -> Any:
    body = {"model": "claude-opus-4-7", "input": "And tomorrow?", **members}
    return {"method": "POST", "path": "/v1/responses", "body": body}


def test_what_was_said_before_stands_in_the_request_that_is_shown(tmp_path: Path) -> None:
    keep(tmp_path)
    said = explained(tmp_path, asking(previous_response_id=OURS), "--provider", "anthropic")
    assert [turn["role"] for turn in said["request"]["body"]["messages"]] == ["user", "assistant", "user"]


def test_an_answer_that_is_not_there_is_told_as_to_the_client(tmp_path: Path) -> None:
    answer = explained(tmp_path, asking(previous_response_id="resp_0"))["answer"]
    assert (answer["status"], answer["body"]["error"]["code"]) == (400, "previous_response_not_found")
    assert not (tmp_path / ".torouter").exists(), "explaining makes no store"


def test_an_answer_that_is_kept_here_is_shown(tmp_path: Path) -> None:
    keep(tmp_path)
    answer = explained(tmp_path, {"method": "GET", "path": f"/v1/responses/{OURS}"})["answer"]
    assert (answer["status"], answer["body"]["id"]) == (200, OURS)


def test_a_question_to_the_provider_that_keeps_an_answer_is_shown(tmp_path: Path) -> None:
    keep(tmp_path)
    path = f"/v1/responses/{THEIRS}/input_items?limit=3"
    request = explained(tmp_path, {"method": "GET", "path": path})["request"]
    wanted = f"https://api.openai.com/v1/responses/{THEIRS}/input_items?limit=3"
    assert (request["method"], request["url"]) == ("GET", wanted)


def test_nothing_is_deleted(tmp_path: Path) -> None:
    keep(tmp_path)
    explained(tmp_path, {"method": "DELETE", "path": f"/v1/responses/{OURS}"})
    store = SqliteStore(tmp_path / ".torouter" / "store.sqlite")
    assert store.find_answer(OURS, 0.0) is not None
    store.close()
