"""`torouter explain` of a request that goes on from a kept answer, and of questions about one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from torouter.cli import main
from torouter.store import Bounds, Entry, SqliteStore, StoredAnswer, StoredConversation

OURS, THEIRS = "resp_ours", "resp_theirs"
OUR_TALK, THEIR_TALK = "conv_ours", "conv_theirs"


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
    bounds, now, protocol = Bounds(10, 10**6, 1e6), time.time(), "openai-responses"
    store = SqliteStore(folder / ".torouter" / "store.sqlite")
    for answer in (ours, theirs):
        store.keep_answer(answer, bounds)
    for id, provider in ((OUR_TALK, None), (THEIR_TALK, "openai")):
        notes = b"{}" if provider is None else b""
        store.keep_conversation(StoredConversation(id, "default", protocol, now, notes, provider, "gpt-5"), bounds)
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How cold is it?"}]}
    store.add_entries(OUR_TALK, [Entry("msg_1", json.dumps(said).encode())], now, bounds)
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


def test_the_entries_of_a_conversation_stand_in_the_request_that_is_shown(tmp_path: Path) -> None:
    keep(tmp_path)
    said = explained(tmp_path, asking(conversation=OUR_TALK), "--provider", "anthropic")
    texts = [part["text"] for turn in said["request"]["body"]["messages"] for part in turn["content"]]
    assert texts == ["How cold is it?", "And tomorrow?"]


def test_a_conversation_that_is_kept_here_is_shown(tmp_path: Path) -> None:
    keep(tmp_path)
    answer = explained(tmp_path, {"method": "GET", "path": f"/v1/conversations/{OUR_TALK}/items"})["answer"]
    assert [item["id"] for item in answer["body"]["data"]] == ["msg_1"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [("", ""), ("/items?limit=3&other=1", "/items?limit=3"), ("/items/msg_1", "/items/msg_1")],
)
def test_a_question_to_the_provider_that_keeps_a_conversation_is_shown(tmp_path: Path, path: str, wanted: str) -> None:
    keep(tmp_path)
    request = explained(tmp_path, {"method": "GET", "path": f"/v1/conversations/{THEIR_TALK}{path}"})["request"]
    url = f"https://api.openai.com/v1/conversations/{THEIR_TALK}{wanted}"
    assert (request["method"], request["url"]) == ("GET", url)


def test_no_conversation_is_changed(tmp_path: Path) -> None:
    keep(tmp_path)
    for method, path in (("DELETE", f"/{OUR_TALK}"), ("POST", ""), ("POST", f"/{OUR_TALK}/items")):
        answer = explained(tmp_path, {"method": method, "path": f"/v1/conversations{path}", "body": {}})["answer"]
        assert answer["status"] == 400
    store = SqliteStore(tmp_path / ".torouter" / "store.sqlite")
    found = store.find_conversation(OUR_TALK, 0.0)
    assert found is not None
    assert found.count == 1
    store.close()
