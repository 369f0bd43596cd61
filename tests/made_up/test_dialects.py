"""A dialect is a protocol with a patch: only what providers are spoken to with changes, and only there."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import Call, WireProtocol

from tests.made_up.test_made_up import HERE, REQUEST, RESPONSE
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

KEY = "wax"
STAMP = {"town": "Oslo", "day": "Monday"}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    found = Diagnostics()
    compiled = compile_project(load_project(HERE, found, builtin=False), found)
    assert render_terminal(found) == ""
    return compiled


@pytest.fixture(scope="module")
def letters(snapshot: Snapshot) -> WireProtocol:
    return snapshot.protocols["letters"]


@pytest.fixture(scope="module")
def abroad(snapshot: Snapshot) -> WireProtocol:
    return snapshot.dialects["abroad"]


def asked(**members: Any) -> Json:
    turn = {"role": "user", "parts": [{"kind": "text", "text": "How cold is it?"}]}
    return {"model": "tiny-9", "turns": [turn], **members}


def test_a_dialect_is_its_protocol_under_a_name_of_its_own(letters: WireProtocol, abroad: WireProtocol) -> None:
    assert (abroad.name, abroad.dialect, letters.dialect) == ("letters", "abroad", None)


def test_what_no_patch_touches_is_compiled_once(letters: WireProtocol, abroad: WireProtocol) -> None:
    assert abroad.error_decode is letters.error_decode
    assert abroad.response_encode is letters.response_encode


def test_a_member_is_added_and_null_removes_one(abroad: WireProtocol) -> None:
    body = abroad.encode_request(asked(max_output=9, sampling={"temperature": 0.5}), Call()).body
    assert (body["at_most"], body["manner"]) == (9, {"warmth": 0.5})
    assert "longest" not in body


def test_what_is_no_mapping_is_replaced(abroad: WireProtocol) -> None:
    assert abroad.encode_request(asked(stop=["."]), Call()).body["hush_at"] == [".", "the end"]


def test_what_the_dialect_does_not_write_is_a_loss(letters: WireProtocol, abroad: WireProtocol) -> None:
    request = asked(sampling={"seed": 7}, verbosity="low")
    assert [loss.general for loss in letters.encode_request(request, Call()).losses] == ["verbosity"]
    losses = abroad.encode_request(request, Call()).losses
    assert [(loss.general, loss.severity) for loss in losses] == [("sampling.seed", "warn"), ("verbosity", "warn")]


def test_members_of_the_clients_own_are_written_back_where_they_are_known(abroad: WireProtocol) -> None:
    encoded = abroad.encode_request(asked(native={"letters": {"seal_wax": "red", "perfume": "rose"}}), Call())
    assert encoded.body["seal_wax"] == "red"
    assert "perfume" not in encoded.body
    assert [(loss.path, loss.severity) for loss in encoded.losses] == [("native.letters.perfume", "warn")]


def test_a_changed_definition_changes_every_file_that_uses_it(letters: WireProtocol, abroad: WireProtocol) -> None:
    body = {**RESPONSE, "ink": {"read": 5, "written": 3, "spilled": 2}, "postmark": STAMP}
    assert "cache_write" not in letters.decode_response(body, Call())["usage"]
    response = abroad.decode_response(body, Call())
    assert response["usage"] == {"input": 5, "output": 3, "cache_write": 2}
    assert response["native"] == {"postmark": "Oslo, Monday"}


def test_a_table_gets_a_word_more(letters: WireProtocol, abroad: WireProtocol) -> None:
    body = {**RESPONSE, "copies": [{"lines": [{"say": "Cold."}], "ending": {"because": "fin"}}]}
    assert letters.decode_response(body, Call())["outputs"][0]["finish"]["reason"] == "other"
    assert abroad.decode_response(body, Call())["outputs"][0]["finish"]["reason"] == "stop"


def test_rules_are_put_around_those_of_the_base(letters: WireProtocol, abroad: WireProtocol) -> None:
    stream = b'{"step":"stamped","town":"Oslo","day":"Monday"}\n{"step":"begin","letter":"l1"}\n"finis"\n'
    decoder = abroad.stream_decoder(Call(), letters)
    start = [*decoder.feed(stream), *decoder.close()][0]
    assert (start["id"], start["native"]) == ("l1", {"postmark": "Oslo, Monday"})


def configured(folder: Path, url: str) -> Snapshot:
    for place in ("routes", "transforms"):
        shutil.copytree(HERE / place, folder / place)
    routes = folder / "routes" / "letters.yaml"
    text = routes.read_text("utf-8").replace("http://127.0.0.1:1", url)
    text = text.replace("{path: /letters}", "{path: /letters, dialect: abroad}")
    text += f"keys:\n  reader: {{group: default, hash: 'sha256:{hashlib.sha256(KEY.encode()).hexdigest()}'}}\n"
    routes.write_text(text, "utf-8")
    found = Diagnostics()
    snapshot = compile_project(load_project(folder, found, builtin=False), found)
    assert render_terminal(found) == ""
    return snapshot


async def sent(folder: Path, body: Json) -> tuple[Json, Json]:
    """What reaches a provider that speaks the dialect, and what the client reads."""

    async def script(scene: Scene) -> None:
        await scene.answer(orjson.dumps({**RESPONSE, "postmark": STAMP}))

    async with Upstream(script) as upstream, running(configured(folder, upstream.url)) as gateway:
        answer = await gateway.ask("POST", "/letters", orjson.dumps(body), x_seal=KEY)
        return orjson.loads(upstream.seen[0].body), answer.json


async def test_a_request_that_the_dialect_takes_goes_through_untouched_and_so_does_its_answer(tmp_path: Path) -> None:
    body = {**REQUEST, "live": False}
    there, back = await sent(tmp_path, body)
    assert there == {**body, "to": "tiny-9"}
    assert back["postmark"] == STAMP


async def test_a_request_that_the_dialect_does_not_take_is_translated_within_the_protocol(tmp_path: Path) -> None:
    letters = [{"from": "reader", "lines": "How cold is it?"}]
    body = {"to": "small-1", "letters": letters, "longest": 9, "manner": {"dice": 7}, "seal_wax": "red"}
    there, _ = await sent(tmp_path, body)
    assert there["at_most"] == 9
    assert there["seal_wax"] == "red", "what no rule reads is the client's own"
    assert "manner" not in there
