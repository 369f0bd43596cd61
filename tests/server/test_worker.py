"""One worker over real sockets: connections stay usable, clients that leave take the upstream along, stops are orderly."""

from __future__ import annotations

import asyncio
import logging

import orjson
import pytest

from tests.support.client import RawClient, request
from tests.support.fake import FakeProvider, FakeSettings, FakeSnapshot, FakeTarget
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

STREAM = b'{"model":"m","stream":true}'


def serving(upstream: Upstream, **settings: object) -> FakeSnapshot:
    return FakeSnapshot({"m": [FakeTarget(FakeProvider(upstream.url))]}, settings=FakeSettings(**settings))


async def good(scene: Scene) -> None:
    await scene.answer(b'{"word":"x"}')


async def endless(scene: Scene) -> None:
    await scene.stream(b'data: {"word":"a"}\n\n', end=False)
    await scene.hold()


@pytest.mark.parametrize("path, status", [("/", 200), ("/healthz", 200), ("/readyz", 200)])
async def test_health_needs_no_credential(path: str, status: int) -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway:
        assert (await gateway.ask("GET", path, key=None)).status == status
        async with RawClient(gateway.port) as client:
            await client.request("HEAD", path, key=None)
            assert (await client.head()).status == status


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/sse/talk", 405)])
async def test_only_the_head_is_asked_for_and_the_connection_serves_on(
    path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        await client.request("HEAD", path)
        assert (await client.head()).status == status
        await client.request("GET", "/sse/models")
        assert (await client.answer()).status == 200
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


@pytest.mark.parametrize("method", ["BREW", "TRACE", "CONNECT", "PROPFIND"])
async def test_an_odd_method_is_an_error_of_ours(method: str) -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask(method, "/sse/talk")
        assert (answer.status, answer.json["of"], answer.headers["content-type"]) == (405, "sse-talk", "application/json")


async def test_a_connection_serves_many_requests_also_after_errors() -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        for body, key, status in [
            (b'{"model":"m"}', "wrong", 401),
            (b"x" * 3000, "test-key-1", 400),
            (b'{"model":"m"}', "test-key-1", 200),
            (b'{"model":"?"}', "test-key-1", 404),
            (b'{"model":"m"}', "test-key-1", 200),
        ]:
            await client.request("POST", "/sse/talk", body, key)
            answer = await client.answer()
            assert (answer.status, answer.headers["connection"]) == (status, "keep-alive")


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        requests = [request("POST", "/sse/talk", b'{"model":"m"}'), request("GET", "/sse/models"), request("GET", "/healthz")]
        await client.send(b"".join(requests))
        assert [list((await client.answer()).json) for _ in range(3)] == [["word"], ["all"], ["status"]]


async def test_the_unread_rest_of_a_refused_body_is_never_a_request() -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        body = request("GET", "/healthz") * 3000
        await client.send(request("POST", "/sse/talk", None, "wrong", Content_Length=str(len(body))) + body[:200_000])
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (401, "close")
        assert await client.closed()


async def test_a_client_that_waits_for_permission_is_refused_without_sending_its_body() -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        await client.send(request("POST", "/sse/talk", None, "wrong", Content_Length="10", Expect="100-continue"))
        assert (await client.answer()).status == 401


async def test_permission_to_send_a_body_is_given_once_the_credential_is_good() -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        await client.send(request("POST", "/sse/talk", None, Content_Length="13", Expect="100-continue"))
        assert (await client.head()).status == 100
        await client.send(b'{"model":"m"}')
        assert (await client.answer()).status == 200


async def test_a_body_that_does_not_come_is_not_waited_for_without_end() -> None:
    async with Upstream(good) as upstream, running(serving(upstream, body_timeout=0.05)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.send(request("POST", "/sse/talk", None, Content_Length="10"))
            answer = await client.answer()
            assert (answer.status, answer.json["code"], answer.headers["connection"]) == (408, "body_timeout", "close")


async def test_a_head_that_comes_letter_by_letter_is_not_waited_for_without_end() -> None:
    async with Upstream(good) as upstream, running(serving(upstream, header_timeout=0.3)) as gateway:
        async with RawClient(gateway.port) as client:
            asked = asyncio.create_task(client.answer())
            for letter in request("GET", "/healthz", None, "x" * 1000):
                if asked.done():
                    break
                await client.send(bytes([letter]))
                await asyncio.sleep(0.02)
            answer = await asked
            assert (answer.status, answer.headers["connection"]) == (408, "close")


async def test_what_can_become_no_request_is_refused_at_once() -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        await client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        answer = await client.answer()
        assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
        assert await client.closed()


async def test_the_answer_to_a_refused_head_arrives_though_more_is_being_sent() -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 1_000_000)
        await asyncio.sleep(0.1)
        await client.send(b"x" * 1_000_000)
        assert (await client.answer()).status == 431
        assert await client.closed()


async def test_a_client_of_the_old_version_gets_a_stream_that_ends_with_its_connection() -> None:
    frames = b'data: {"word":"a"}\n\ndata: {"over":true}\n\n'

    async def told(scene: Scene) -> None:
        await scene.stream(frames)

    async with Upstream(told) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        await client.send(request("POST", "/sse/talk", STREAM, connection="keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        head = await client.head()
        assert (head.status, head.headers["connection"]) == (200, "close")
        assert "transfer-encoding" not in head.headers
        assert await client.reader.read() == frames


@pytest.mark.parametrize("reset", [False, True])
async def test_a_client_that_leaves_a_stream_closes_the_upstream(reset: bool) -> None:
    async with Upstream(endless) as upstream, running(serving(upstream)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", STREAM)
            await client.head()
            await client.chunk()
            client.writer.transport.abort() if reset else client.writer.close()
            await upstream.seen[0].gone.wait()
        while gateway.site.gateway.running:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("key", ["test-key-1", "wrong"])
@pytest.mark.parametrize("body", [{"Content_Length": "1000"}, {"Content_Length": "100000"}, {"Transfer_Encoding": "chunked"}])
async def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_nothing_behind(key: str, body: dict[str, str]) -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway:
        before = len(asyncio.all_tasks())
        for _ in range(10):
            async with RawClient(gateway.port) as client:
                await client.send(request("POST", "/sse/talk", None, key, **body) + b"2")
                await asyncio.sleep(0.02)
        for _ in range(100):
            if len(asyncio.all_tasks()) <= before:
                break
            await asyncio.sleep(0.02)
        assert len(asyncio.all_tasks()) <= before


async def test_a_client_that_leaves_before_the_first_byte_closes_the_upstream() -> None:
    async with Upstream(Scene.hold) as upstream, running(serving(upstream)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", b'{"model":"m"}')
            await upstream.arrived.wait()
        await upstream.seen[0].gone.wait()


async def test_a_silent_stream_shows_signs_of_life_between_frames() -> None:
    async with Upstream(endless) as upstream, running(serving(upstream, idle_comment=0.02)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", STREAM)
            await client.head()
            assert [await client.chunk() for _ in range(3)] == [b'data: {"word":"a"}\n\n', b"\n", b"\n"]


async def test_a_preamble_is_released_when_patience_is_over() -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"hello":"1"}\n\n', end=False)
        await scene.hold()

    async with Upstream(script) as upstream, running(serving(upstream, idle_comment=0.05)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", STREAM)
            await client.head()
            assert [await client.chunk() for _ in range(2)] == [b'data: {"hello":"1"}\n\n', b"\n"]


async def test_a_client_that_does_not_read_holds_the_upstream_back() -> None:
    sent = 0

    async def script(scene: Scene) -> None:
        nonlocal sent
        await scene.stream(end=False)
        piece = b'data: {"word":"' + b"x" * 60_000 + b'"}\n\n'
        while sent < 2000:
            await scene.chunk(piece)
            sent += 1

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        client.reader._limit = 1  # the client's own buffer must not take the stream
        await client.request("POST", "/sse/talk", STREAM)
        before = -1
        while sent != before or sent == 0:
            before = sent
            await asyncio.sleep(0.3)
        assert sent < 1000


async def test_while_draining_answers_close_their_connection_and_readiness_is_gone() -> None:
    async with Upstream(endless) as upstream, running(serving(upstream)) as gateway:
        async with RawClient(gateway.port) as busy, RawClient(gateway.port) as idle:
            await busy.request("POST", "/sse/talk", STREAM)
            await busy.head()
            await idle.request("GET", "/readyz")
            assert (await idle.answer()).status == 200
            gateway.stop.set()
            while not gateway.site.draining:
                await asyncio.sleep(0)
            await idle.request("GET", "/readyz")
            answer = await idle.answer()
            assert (answer.status, answer.headers["connection"]) == (503, "close")


async def test_streams_that_outlast_the_drain_end_in_an_error_event() -> None:
    async with Upstream(endless) as upstream, running(serving(upstream, drain=0.1)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", STREAM)
            await client.head()
            await client.chunk()
            gateway.stop.set()
            assert await client.chunk() == b'data: {"fault":"The gateway is shutting down."}\n\n'
            assert await client.chunk() == b""
            assert await client.closed()
            await upstream.seen[0].gone.wait()


async def test_requests_that_outlast_the_drain_get_an_error_answer() -> None:
    async with Upstream(Scene.hold) as upstream, running(serving(upstream, drain=0.1)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", b'{"model":"m"}')
            await upstream.arrived.wait()
            gateway.stop.set()
            answer = await client.answer()
            assert (answer.status, answer.json["code"], answer.json["of"]) == (503, "shutting_down", "sse-talk")


async def test_a_stream_that_ends_within_the_drain_is_not_disturbed() -> None:
    go = asyncio.Event()

    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"word":"a"}\n\n', end=False)
        await go.wait()
        await scene.chunk(b'data: {"over":1}\n\n')
        await scene.send(b"0\r\n\r\n")

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", STREAM)
            await client.head()
            await client.chunk()
            gateway.stop.set()
            while not gateway.site.draining:
                await asyncio.sleep(0)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", gateway.port)
            go.set()
            assert [await client.chunk(), await client.chunk()] == [b'data: {"over":1}\n\n', b""]


async def test_a_fault_of_ours_after_output_cuts_the_connection() -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"word":"a"}\n\n', end=False)
        await asyncio.sleep(0.05)
        await scene.chunk(b"data: not json for the fake decoder, which then raises\n\n")
        await scene.hold()

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", STREAM)
            await client.head()
            await client.chunk()
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await client.chunk()


async def test_each_request_leaves_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with Upstream(good) as upstream, running(serving(upstream)) as gateway:
        with caplog.at_level(logging.INFO, "torouter.access"):
            answer = await gateway.ask("POST", "/sse/talk?key=test-key-1", b'{"model":"m"}')
        lines = [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "torouter.access"]
        [line] = lines
        assert line["id"] == answer.headers["x-request-id"]
        assert (line["status"], line["outcome"], line["model"], line["key"]) == (200, "ok", "m", "k1")
        assert "test-key-1" not in caplog.text
