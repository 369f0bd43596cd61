"""A whole gateway that knows only made-up protocols: the real server, configured from YAML, over real sockets."""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path

import orjson
import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.made_up.test_made_up import HERE, REQUEST, RESPONSE, STREAM
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

KEY = "wax"


def configured(folder: Path, url: str, speaks: str) -> Snapshot:
    """Load the made-up files with a provider at an address; `pigeons` are letters in another framing."""
    for place in ("routes", "transforms"):
        shutil.copytree(HERE / place, folder / place)
    shutil.copytree(HERE / "transforms" / "letters", folder / "transforms" / "pigeons")
    about = folder / "transforms" / "pigeons" / "protocol.yaml"
    text = about.read_text("utf-8").replace("protocol: letters", "protocol: pigeons").replace("kind: ndjson", "kind: sse")
    about.write_text(text, "utf-8")
    routes = folder / "routes" / "letters.yaml"
    text = routes.read_text("utf-8").replace("http://127.0.0.1:1", url).replace("      letters: {", f"      {speaks}: {{")
    key = f"keys:\n  reader: {{group: default, hash: 'sha256:{hashlib.sha256(KEY.encode()).hexdigest()}'}}\n"
    routes.write_text(text + key, "utf-8")
    found = Diagnostics()
    snapshot = compile_project(load_project(folder, found, builtin=False), found)
    assert render_terminal(found) == ""
    return snapshot


def framed(stream: bytes) -> bytes:
    return b"".join(b"data: " + line + b"\n\n" for line in stream.splitlines())


@pytest.mark.parametrize("speaks", ["letters", "pigeons"])
async def test_an_answer_comes_through(tmp_path: Path, speaks: str) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(orjson.dumps(RESPONSE))

    async with Upstream(script) as upstream:
        async with running(configured(tmp_path, upstream.url, speaks)) as gateway:
            body = orjson.dumps({**REQUEST, "live": False})
            answer = await gateway.ask("POST", "/letters", body, x_seal=KEY)
        assert (answer.status, answer.json["copies"]) == (200, RESPONSE["copies"])
        assert orjson.loads(upstream.seen[0].body)["to"] == "tiny-9"


@pytest.mark.parametrize("speaks", ["letters", "pigeons"])
async def test_a_stream_comes_through_in_the_clients_framing(tmp_path: Path, speaks: str) -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(STREAM if speaks == "letters" else framed(STREAM))

    async with Upstream(script) as upstream, running(configured(tmp_path, upstream.url, speaks)) as gateway:
        answer = await gateway.ask("POST", "/letters", orjson.dumps(REQUEST), x_seal=KEY)
    lines = [orjson.loads(line) for line in answer.body.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert "".join(line.get("words", "") for line in lines[:-1]) == "Cold."
    assert lines[-1] == "finis"


async def test_an_endpoint_may_frame_its_streams_in_another_way_than_the_protocol(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(STREAM)

    async with Upstream(script) as upstream, running(configured(tmp_path, upstream.url, "letters")) as gateway:
        answer = await gateway.ask("POST", "/letters/bundle", orjson.dumps(REQUEST), x_seal=KEY)
    assert answer.headers["content-type"] == "application/json"
    assert "".join(line.get("words", "") for line in answer.json) == "Cold."


async def test_what_the_client_cannot_be_shown_is_named_in_a_header_and_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = RESPONSE["copies"][0]
    lines = [*copy["lines"], {"enclose": {"what": "native", "sheet": "aGk="}}]

    async def script(scene: Scene) -> None:
        await scene.answer(orjson.dumps({**RESPONSE, "copies": [{**copy, "lines": lines}]}))

    async with Upstream(script) as upstream, running(configured(tmp_path, upstream.url, "pigeons")) as gateway:
        with caplog.at_level(logging.INFO, "torouter.access"):
            answer = await gateway.ask("POST", "/letters", orjson.dumps({**REQUEST, "live": False}), x_seal=KEY)
    assert answer.json["copies"] == RESPONSE["copies"]
    assert "outputs.parts.native:warn" in answer.headers["x-torouter-warnings"].split(", ")
    [line] = [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "torouter.access"]
    assert "outputs.parts.native:warn" in line["lost"]


async def test_a_stranger_is_turned_away_in_the_words_of_the_protocol(tmp_path: Path) -> None:
    async with running(configured(tmp_path, "http://127.0.0.1:1", "letters")) as gateway:
        answer = await gateway.ask("POST", "/letters", orjson.dumps(REQUEST), x_seal="no")
    assert (answer.status, answer.json["trouble"]["sort"]) == (401, "stranger")
