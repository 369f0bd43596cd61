"""Different protocols on the two sides, and answers in another form than was asked for, over real sockets."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import orjson
import pytest

from tests.support.fake import FakeGroup, FakeProvider, FakeSettings, FakeSnapshot, FakeTarget
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

SSE_WORDS = b'data: {"hello":"1"}\n\ndata: {"word":"a"}\n\ndata: {"word":"b"}\n\ndata: {"over":1}\n\n'


def serving(upstream: Upstream, **settings: object) -> FakeSnapshot:
    return FakeSnapshot({"m": [FakeTarget(FakeProvider(upstream.url))]}, settings=FakeSettings(**settings))


async def streamed(scene: Scene) -> None:
    await scene.stream(SSE_WORDS)


async def whole(scene: Scene) -> None:
    await scene.answer(b'{"word":"ab"}')


async def test_a_request_is_written_for_its_target() -> None:
    async with Upstream(whole) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p"}', x_version="client")
        assert orjson.loads(upstream.seen[0].body) == {"model": "m1", "stream": None, "prompt": "p"} or orjson.loads(
            upstream.seen[0].body
        ) == {"model": "m1", "stream": False, "prompt": "p"}
        assert answer.json == {"token": "ab"}
        assert upstream.seen[0].headers["x-version"] == "default"


async def test_a_stream_is_translated_event_by_event() -> None:
    async with Upstream(streamed) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","stream":true}')
        assert answer.body == b'{"hello":"1"}\n{"token":"a"}\n{"token":"b"}\n{"over":1}\n'
        assert answer.headers["content-type"] == "application/x-ndjson"


@pytest.mark.parametrize("path, word", [("/sse/talk", "word"), ("/lines/talk", "token")])
async def test_a_stream_to_a_client_that_wants_one_answer_is_folded(path: str, word: str) -> None:
    async with Upstream(streamed) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", path, b'{"model":"m","prompt":"p"}')
        assert answer.headers["content-type"] == "application/json"
        assert answer.json == {word: "ab"}


async def test_a_whole_answer_to_a_client_that_wants_a_stream_is_told_as_one() -> None:
    async with Upstream(whole) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","stream":true}')
        assert answer.body == b'{"token":"ab"}\n{"over":1}\n'


async def test_a_broken_stream_ends_in_an_error_of_the_clients_protocol() -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"word":"a"}\n\n', end=False)
        scene.reset()

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","stream":true}')
        assert answer.body == b'{"token":"a"}\n{"fault":"The upstream\'s answer broke off."}\n'


async def test_a_frame_over_the_cap_ends_the_stream_in_an_error() -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"word":"a"}\n\n', b'data: {"word":"' + b"x" * 5000 + b'"}\n\n')

    async with Upstream(script) as upstream, running(serving(upstream, max_event=1000)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","stream":true}')
        assert b"longer than 1000 bytes" in answer.body


async def test_what_was_lost_is_named_in_a_header() -> None:
    async with Upstream(whole) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","odd":"warn"}')
        assert answer.headers["x-torouter-warnings"] == "odd:warn"


async def test_when_strict_what_would_be_lost_is_refused() -> None:
    async with Upstream(whole) as upstream, running(serving(upstream, strict=True)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","odd":"warn"}')
        assert (answer.status, answer.json["kind"]) == (400, "unsupported")
        assert upstream.seen == []


@pytest.mark.parametrize("value, status", [("true", 400), ("1", 400), ("false", 200)])
async def test_a_client_asks_for_strictness_in_a_header(value: str, status: int) -> None:
    async with Upstream(whole) as upstream, running(serving(upstream, strict_header="x-strict")) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","odd":"warn"}', x_strict=value)
        assert answer.status == status


@pytest.mark.parametrize("group, status", [("default", 400), ("other", 200)])
async def test_a_group_can_be_strict(group: str, status: int) -> None:
    async with Upstream(whole) as upstream:
        snapshot = replace(serving(upstream), groups={group: FakeGroup(strict=True)})
        async with running(snapshot) as gateway:
            answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","odd":"warn"}')
            assert answer.status == status


async def test_a_request_that_cannot_be_decoded_is_the_clients_error() -> None:
    async with Upstream(whole) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m"}')
        assert (answer.status, answer.json["fault"], answer.json["of"]) == (400, "prompt is missing", "line-talk")


async def test_an_error_of_the_upstream_is_said_in_the_clients_protocol() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"fault":"too long"}', 400)

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p"}')
        assert (answer.status, answer.json["fault"], answer.json["of"]) == (400, "too long", "line-talk")


DEEP = b'{"a":' * 300 + b"1" + b"}" * 300


async def test_what_an_upstream_nests_too_deeply_is_its_fault_also_in_the_middle_of_a_stream(caplog: pytest.LogCaptureFixture) -> None:
    async def whole(scene: Scene) -> None:
        await scene.answer(b'{"word":%b}' % DEEP)

    async def streamed(scene: Scene) -> None:
        await scene.stream(b'data: {"word":"a"}\n\n', end=False)
        await asyncio.sleep(0.2)
        await scene.chunk(b'data: {"word":%b}\n\n' % DEEP)

    async with Upstream(whole, streamed) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p"}')
        assert (answer.status, answer.json["code"]) == (502, "upstream_invalid")
        answer = await gateway.ask("POST", "/lines/talk", b'{"model":"m","prompt":"p","stream":true}')
        lines = answer.body.splitlines()
        assert (answer.status, lines[0], b"fault" in lines[-1]) == (200, b'{"token":"a"}', True)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
