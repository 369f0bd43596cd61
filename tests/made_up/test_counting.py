"""Tokens are counted by the provider that would answer, and estimated where it does not count; on a made-up protocol."""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from torouter.canonical.estimate import estimate
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import Call

from tests.made_up.test_made_up import HERE, REQUEST
from tests.support.client import Answer
from tests.support.running import Running, running
from tests.support.scripted import Scene, Script, Upstream

KEY = "wax"
FILES = {
    "count.encode.yaml": "request: =first_of(body.pile, body)\nmake:\n  weight: =count.input\n  guess: =count.estimated\n",
    "count.decode.yaml": "request: =pick(body, 'to', 'letters')\nmake:\n  input: =body.weight\n",
}
ROUTES = """
endpoints:
  {client}.weigh:
    match: POST /{client}/weigh
    surface: post
    protocol: {client}
    operation: count
    model: =body.to
    auth: seal
  {client}.weigh-named:
    match: POST /{client}/weigh/{{name}}
    surface: post
    protocol: {client}
    operation: count
    model: =path.name
    auth: seal
providers:
  scales: {{extends: office, base_url: "{first}", speaks: {{letters: {{path: /letters, count: /weigh}}}}}}
  branch: {{extends: scales, base_url: "{second}"}}
  desk: {{extends: office, base_url: "{second}"}}
models:
  tiny-9: {{targets: [{{provider: scales}}]}}
  small-9: {{targets: [{{provider: scales, model: tiny-9}}]}}
  silent: {{targets: [{{provider: desk, model: tiny-9}}, {{provider: scales, model: tiny-9}}]}}
  chain: {{targets: [{{provider: scales, model: a}}, {{provider: desk, model: b}}, {{provider: branch, model: c}}]}}
keys:
  reader: {{group: default, hash: "sha256:{hash}"}}
"""


def configured(folder: Path, first: str, second: str = "http://127.0.0.1:1", client: str = "letters") -> Snapshot:
    """Load the made-up files with what counting needs; `pigeons` are letters under another name."""
    for place in ("routes", "transforms"):
        shutil.copytree(HERE / place, folder / place)
    for name, text in FILES.items():
        (folder / "transforms" / "letters" / name).write_text(text, "utf-8")
    shutil.copytree(folder / "transforms" / "letters", folder / "transforms" / "pigeons")
    about = folder / "transforms" / "pigeons" / "protocol.yaml"
    about.write_text(about.read_text("utf-8").replace("protocol: letters", "protocol: pigeons"), "utf-8")
    written = (folder / "routes" / "letters.yaml").read_text("utf-8")
    shutil.rmtree(folder / "routes")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    (folder / "a.yaml").write_text(written, "utf-8")
    (folder / "b.yaml").write_text(ROUTES.format(first=first, second=second, client=client, hash=digest), "utf-8")
    found = Diagnostics()
    snapshot = compile_project(load_project(folder, found, builtin=False), found)
    assert render_terminal(found) == ""
    return snapshot


def saying(status: int, **body: Any) -> Script:
    async def script(scene: Scene) -> None:
        await scene.answer(orjson.dumps(body), status)

    return script


async def weigh(gateway: Running, model: str = "small-9", client: str = "letters", **members: Any) -> Answer:
    body = orjson.dumps({**REQUEST, "to": model, **members})
    return await gateway.ask("POST", f"/{client}/weigh", body, x_seal=KEY)


def guess(snapshot: Snapshot) -> int:
    return estimate(snapshot.protocols["letters"].decode_request(REQUEST, Call()))


async def test_who_speaks_the_clients_protocol_is_asked_as_the_client_asked(tmp_path: Path) -> None:
    async with Upstream(saying(200, weight=7, more=1)) as upstream:
        async with running(configured(tmp_path, upstream.url)) as gateway:
            answer = await weigh(gateway)
    assert (answer.status, answer.json) == (200, {"weight": 7, "more": 1})
    assert "x-torouter-estimated" not in answer.headers
    assert upstream.seen[0].line == "POST /weigh HTTP/1.1"
    assert orjson.loads(upstream.seen[0].body) == {**REQUEST, "to": "tiny-9"}


async def test_who_speaks_another_protocol_is_asked_only_what_it_counts(tmp_path: Path) -> None:
    async with Upstream(saying(200, weight=7, more=1)) as upstream:
        async with running(configured(tmp_path, upstream.url, client="pigeons")) as gateway:
            answer = await weigh(gateway, client="pigeons")
    asked = orjson.loads(upstream.seen[0].body)
    assert (answer.status, answer.json) == (200, {"weight": 7})
    assert (set(asked), asked["to"]) == ({"to", "letters"}, "tiny-9")


async def test_a_body_that_names_the_model_in_a_place_of_its_own_is_written_anew_for_another_name(tmp_path: Path) -> None:
    async with Upstream(saying(200, weight=7)) as upstream, running(configured(tmp_path, upstream.url)) as gateway:
        wrapped = orjson.dumps({"pile": {**REQUEST, "to": "small-9"}})
        for name in ("small-9", "tiny-9"):
            assert (await gateway.ask("POST", f"/letters/weigh/{name}", wrapped, x_seal=KEY)).json == {"weight": 7}
    renamed, same = (orjson.loads(seen.body) for seen in upstream.seen)
    assert renamed["to"] == "tiny-9"
    assert same == orjson.loads(wrapped)


async def test_where_the_provider_does_not_count_an_estimate_is_marked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Upstream(saying(500)) as upstream:
        snapshot = configured(tmp_path, upstream.url, upstream.url)
        with caplog.at_level(logging.INFO, "torouter.access"):
            async with running(snapshot) as gateway:
                answer = await weigh(gateway, "silent")
        assert upstream.seen == [], "nor is the next target asked, which would not be called for an answer"
    assert (answer.status, answer.json) == (200, {"weight": guess(snapshot), "guess": True})
    assert answer.headers["x-torouter-estimated"] == "true"
    [line] = [record.getMessage() for record in caplog.records if record.name == "torouter.access"]
    assert orjson.loads(line)["estimated"] is True


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_provider_that_turns_out_not_to_count_is_estimated_for(status: int, tmp_path: Path) -> None:
    async with Upstream(saying(status, trouble={"sort": "lost", "note": "?"})) as upstream:
        snapshot = configured(tmp_path, upstream.url)
        async with running(snapshot) as gateway:
            answer = await weigh(gateway)
    assert (answer.status, answer.json) == (200, {"weight": guess(snapshot), "guess": True})


async def test_any_other_failure_is_told_in_the_providers_words(tmp_path: Path) -> None:
    trouble = {"trouble": {"sort": "garbled", "note": "Too short."}}
    async with Upstream(saying(400, **trouble)) as upstream, running(configured(tmp_path, upstream.url)) as gateway:
        answer = await weigh(gateway)
    assert (answer.status, answer.json) == (400, trouble)
    assert "x-torouter-estimated" not in answer.headers


async def test_after_a_failure_the_next_provider_that_counts_is_asked(tmp_path: Path) -> None:
    async with Upstream(saying(503)) as one, Upstream(saying(200, weight=9)) as two:
        async with running(configured(tmp_path, one.url, two.url)) as gateway:
            answer = await weigh(gateway, "chain")
    assert answer.json == {"weight": 9}
    assert [orjson.loads(seen.body)["to"] for seen in (*one.seen, *two.seen)] == ["a", "c"]


async def test_an_answer_without_a_number_is_no_count(tmp_path: Path) -> None:
    async with Upstream(saying(200, weight="heavy")) as upstream:
        async with running(configured(tmp_path, upstream.url, client="pigeons")) as gateway:
            answer = await weigh(gateway, client="pigeons")
    assert (answer.status, answer.json["trouble"]["sort"]) == (500, "fire")


@pytest.mark.parametrize(
    ("model", "members", "status"),
    [("no-such", {}, 404), ("silent", {"letters": [], "brief": []}, 400), ("silent", {"pile": "flat"}, 400)],
    ids=["unknown model", "nothing said", "no request"],
)
async def test_a_mistake_is_told_in_the_clients_protocol(
    model: str, members: dict[str, Any], status: int, tmp_path: Path
) -> None:
    async with running(configured(tmp_path, "http://127.0.0.1:1")) as gateway:
        answer = await weigh(gateway, model, **members)
    assert (answer.status, set(answer.json)) == (status, {"trouble"})
