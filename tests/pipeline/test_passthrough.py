"""Same protocol on both sides, over real sockets: bytes stay what they are, and a broken stream says so."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from itertools import pairwise

import pytest
from torouter.canonical.carriers import seal

from tests.support.client import RawClient
from tests.support.fake import FakeProvider, FakeSnapshot, FakeTarget
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

STREAM = (
    b'event: hi\r\ndata: {"hello":"1","odd":1.50E+2}\r\n\r\n: comment\n\ndata: {"word":"\xc3\xa9\xe2\x80\xa8"}\n\n'
    b'data: {"word":\ndata: "two"}\n\nid: 4\ndata: {"over":1}\n\n\n'
)


def serving(upstream: Upstream, model: str = "m") -> FakeSnapshot:
    return FakeSnapshot({"m": [FakeTarget(FakeProvider(upstream.url), model)]})


async def test_a_request_body_goes_through_byte_for_byte() -> None:
    body = b'{ "model" :"m",\n"x":1.50E+2, "big":123456789012345678901234567890, "odd":"\\u00e9", "prompt": "p" }'

    async def script(scene: Scene) -> None:
        await scene.answer(b'{"word": 1.0}')

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        await gateway.ask("POST", "/sse/talk", body)
        assert upstream.seen[0].body == body


async def test_a_body_with_values_of_another_family_is_translated_and_headers_go_along() -> None:
    body = b'{"model":"m","prompt":"p","held":{"stamp":"%b"}}' % seal("ann", "v").encode()

    async def script(scene: Scene) -> None:
        await scene.answer(b'{"word": "x"}')

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        assert (await gateway.ask("POST", "/sse/talk", body, x_version="7")).status == 200
        assert upstream.seen[0].body == b'{"model":"m","stream":false,"prompt":"p"}'
        assert upstream.seen[0].headers["x-version"] == "7"


async def test_only_the_name_of_the_model_is_patched() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"word": "x"}')

    async with Upstream(script) as upstream, running(serving(upstream, "theirs")) as gateway:
        await gateway.ask("POST", "/sse/talk", b'{"tools":[{"model":"m"}],  "model" : "m" , "n":1.50E+2}')
        assert upstream.seen[0].body == b'{"tools":[{"model":"m"}],  "model" : "theirs" , "n":1.50E+2}'


async def test_a_whole_answer_comes_back_byte_for_byte() -> None:
    body = b'{ "word" : "w", "unknown": [1.50E+2, "\\u00e9"] }\n'

    async def script(scene: Scene) -> None:
        await scene.answer(body)

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
        assert (answer.status, answer.body) == (200, body)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-request-id"] == answer.headers["talk-id"]


@pytest.mark.parametrize("seed", range(8))
async def test_a_stream_comes_back_byte_for_byte_however_it_was_cut(seed: int) -> None:
    source = random.Random(seed)
    cuts = sorted(source.sample(range(1, len(STREAM)), seed * 6))
    pieces = [STREAM[start:end] for start, end in pairwise([0, *cuts, len(STREAM)])]

    async def script(scene: Scene) -> None:
        await scene.stream(*pieces)

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m","stream":true}')
        assert (answer.status, answer.body) == (200, STREAM)
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"


async def test_each_event_arrives_before_the_next_is_sent() -> None:
    arrived = asyncio.Event()

    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"word":"a"}\n\n', end=False)
        await arrived.wait()
        await scene.chunk(b'data: {"over":1}\n\n')
        await scene.send(b"0\r\n\r\n")

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        await client.request("POST", "/sse/talk", b'{"model":"m","stream":true}')
        await client.head()
        assert await client.chunk() == b'data: {"word":"a"}\n\n'
        arrived.set()
        assert await client.chunk() == b'data: {"over":1}\n\n'
        assert await client.chunk() == b""


async def cut(scene: Scene) -> None:
    await scene.stream(b'data: {"word":"a"}\n\ndata: {"wor', end=False)
    scene.writer.close()


async def clean_but_incomplete(scene: Scene) -> None:
    await scene.stream(b'data: {"word":"a"}\n\ndata: {"wor')


@pytest.mark.parametrize("script, message", [(cut, "The upstream's answer broke off."), (clean_but_incomplete, "cut")])
async def test_a_stream_without_its_end_ends_in_an_error_and_never_in_half_a_frame(
    script: object, message: str
) -> None:
    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:  # type: ignore[arg-type]
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m","stream":true}')
        assert answer.body == b'data: {"word":"a"}\n\ndata: {"fault":"%b"}\n\n' % message.encode()


async def test_an_error_that_the_upstream_says_itself_is_not_said_twice() -> None:
    seen = asyncio.Event()

    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"word":"a"}\n\n', end=False)
        await seen.wait()
        await scene.chunk(b'data: {"fault":"busy"}\n\n')
        await scene.send(b"0\r\n\r\n")

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway, RawClient(gateway.port) as client:
        await client.request("POST", "/sse/talk", b'{"model":"m","stream":true}')
        await client.head()
        await client.chunk()
        seen.set()
        assert [await client.chunk(), await client.chunk()] == [b'data: {"fault":"busy"}\n\n', b""]


async def test_an_error_before_any_output_has_a_status() -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"hello":"1"}\n\n', b'data: {"fault":"busy"}\n\n')

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m","stream":true}')
        assert (answer.status, answer.json["fault"]) == (503, "busy")
        assert answer.headers["content-type"] == "application/json"


async def test_a_success_that_says_an_error_is_an_error() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"fault":"busy"}')

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
        assert (answer.status, answer.json["kind"]) == (503, "overloaded")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]"])
async def test_a_success_that_is_no_answer_is_an_error(body: bytes) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(body, content_type="text/html")

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
        assert (answer.status, answer.json["of"]) == (502, "sse-talk")


async def test_declared_headers_are_forwarded_byte_for_byte_and_no_others() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"word":"x"}')

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        await gateway.ask(
            "POST",
            "/sse/talk",
            b'{"model":"m"}',
            x_version="2, beta;q=1",
            x_other="o",
            cookie="c=1",
            x_key="test-key-1",
        )
        headers = upstream.seen[0].headers
        assert headers["x-version"] == "2, beta;q=1"
        assert headers["authorization"] == "Bearer upstream-secret"
        assert not {"x-other", "cookie", "x-key"} & set(headers)
        assert b"test-key-1" not in upstream.seen[0].head


async def test_a_header_that_cannot_be_sent_on_does_not_stop_the_request() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"word":"x"}')

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        assert (await gateway.ask("POST", "/sse/talk", b'{"model":"m"}', x_version="caf\xe9")).status == 200
        assert upstream.seen[0].headers["x-version"] == "default"


async def test_a_header_of_the_target_stands_where_the_client_sent_none() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"word":"x"}')

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
        assert upstream.seen[0].headers["x-version"] == "default"


async def test_an_error_of_the_upstream_keeps_its_bytes_and_its_retry_headers() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"fault" : "slow down"}', 429, **{"Retry-After": "7"})

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
        assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b'{"fault" : "slow down"}', "7")


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refused_credential_of_ours_is_never_shown_as_the_clients(status: int) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"fault":"bad key upstream-secret"}', status)

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
        assert (answer.status, answer.json["kind"]) == (502, "upstream_auth")
        assert b"upstream-secret" not in answer.body


async def test_only_the_headers_that_the_endpoint_names_come_back_from_the_upstream() -> None:
    async def with_headers(scene: Scene) -> None:
        headers = {"X-Left-Tokens": "7", "X-Internal": "secret", "Set-Cookie": "a=b"}
        await scene.answer(b'{"word":"good"}', **headers)

    async with Upstream(with_headers) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
        assert answer.headers["x-left-tokens"] == "7"
        assert not {"x-internal", "set-cookie"} & answer.headers.keys()


async def test_a_credential_that_is_refused_in_words_is_never_shown_either() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"fault":"bad key"}', 400)

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
        assert (answer.status, answer.json["code"]) == (502, "upstream_auth")
        assert "bad key" not in answer.body.decode()


async def test_what_a_side_says_is_for_its_connection_only_goes_no_further() -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"word":"a"}', connection="X-Left-One, close", **{"x-left-one": "1", "x-left-two": "2"})

    async with Upstream(script) as upstream, running(serving(upstream)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}', x_version="7", connection="keep-alive, X-Version")
        assert upstream.seen[0].headers["x-version"] == "default"
        assert ("x-left-one" in answer.headers, answer.headers["x-left-two"]) == (False, "2")


async def test_a_stream_does_not_hold_the_request_that_it_answers() -> None:
    size = 150_000
    body = b'{"model":"m","stream":true,"prompt":"%b"}' % (b"x" * size)

    async def script(scene: Scene) -> None:
        await scene.stream(b'data: {"hello":"1"}\n\n', b'data: {"word":"w"}\n\n', end=False)
        await scene.hold()

    async with Upstream(script) as upstream, running(serving(upstream, "theirs")) as gateway:
        async with RawClient(gateway.port) as client:
            await client.request("POST", "/sse/talk", b'{"model":"m","stream":true,"prompt":"x"}')
            await client.head()
            await client.chunk()
        upstream.seen.clear()
        tracemalloc.start()
        try:
            async with RawClient(gateway.port) as client:
                await client.request("POST", "/sse/talk", body)
                await client.head()
                await client.chunk()
                held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(upstream.seen[0].body) > size
        assert held < 1.5 * size, "the service that was asked holds it, and nobody else"
