"""The HTTP client against an upstream that plays a script: what goes out, what comes back, every way to fail."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from torouter.upstream.aiohttp_client import AiohttpClient
from torouter.upstream.client import Client, Timers, Transport, UpstreamRequest
from torouter.upstream.connection import text_of

from tests.support.scripted import Scene, Script, Upstream
from tests.upstream.tools import Maker, body, failure, to


async def test_the_request_goes_out_as_prepared_and_asks_for_no_coding(client: Transport) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b"hello", 201, **{"X-Back": "b"})

    async with Upstream(script) as upstream:
        response = await client.send(to(upstream))
        assert (response.status, response.headers["x-back"], await body(response)) == (201, "b", b"hello")
        [seen] = upstream.seen
        assert (seen.line, seen.body) == ("POST /p?q=1 HTTP/1.1", b'{"a": 1}')
        assert seen.headers["accept-encoding"] == "identity"
        assert seen.headers["x-one"] == "1"
        assert "cookie" not in seen.headers


async def test_cookies_are_not_kept_and_redirects_not_followed(client: Transport) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(b"", 302, **{"Set-Cookie": "a=b", "Location": "/other"})

    async with Upstream(script) as upstream:
        for _ in range(2):
            response = await client.send(to(upstream))
            assert response.status == 302
            await response.aclose()
        assert len(upstream.seen) == 2
        assert "cookie" not in upstream.seen[1].headers


async def test_a_refused_connection_may_be_tried_elsewhere(client: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    request = UpstreamRequest("POST", f"http://127.0.0.1:{port}/", [], b"", allow_private=True)
    fault = await failure(client, request)
    assert (fault.error["kind"], fault.error["code"], fault.outcome) == ("bad_gateway", "upstream_unreachable", "connect")
    assert "127.0.0.1" not in fault.error["message"]


@pytest.mark.parametrize("timers, message", [
    (Timers(first_byte=1), "did not answer in time"),
    (Timers(total=1), "did not answer in time"),
])  # fmt: skip
async def test_silence_before_the_answer_is_a_timeout(client: Transport, timers: Timers, message: str) -> None:
    async with Upstream(Scene.hold) as upstream:
        fault = await failure(client, to(upstream, timers))
        assert fault.outcome == ("first_byte" if timers.first_byte < timers.total else "total")
        assert (fault.error["kind"], fault.error["status"]) == ("timeout", 504)
        assert message in fault.error["message"]
        await upstream.seen[0].gone.wait()


@pytest.mark.parametrize("timers, message", [
    (Timers(idle=0.05), "fell silent"),
    (Timers(total=1), "took too long"),
])  # fmt: skip
async def test_silence_within_the_answer_is_a_timeout(client: Transport, timers: Timers, message: str) -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(b"begun", end=False)
        await scene.hold()

    async with Upstream(script) as upstream:
        fault = await failure(client, to(upstream, timers))
        assert (fault.error["kind"], fault.outcome) == ("timeout", "idle" if timers.idle < 1 else "total")
        assert message in fault.error["message"]


async def unanswered(scene: Scene) -> None:
    scene.reset()


async def short(scene: Scene) -> None:
    await scene.head(200, **{"content-length": "10"})
    await scene.send(b"12345")
    scene.writer.close()


async def cut_chunks(scene: Scene) -> None:
    await scene.stream(b"abc", end=False)
    scene.writer.close()


async def no_http(scene: Scene) -> None:
    await scene.send(b"SSH-2.0-x\r\n\r\n")
    scene.writer.close()


async def torn_off(scene: Scene) -> None:
    await scene.stream(b"abc", end=False)
    await asyncio.sleep(0.05)
    linger = struct.pack("ii", 1, 0)  # a reset instead of an end
    scene.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    scene.reset()


async def no_chunk(scene: Scene) -> None:
    await scene.stream(b"abc", end=False)
    await asyncio.sleep(0.05)
    await scene.send(b"zz\r\nabc\r\n")
    await scene.hold()


async def odd_status(scene: Scene) -> None:
    await scene.answer(b"", 999)


async def unknown_coding(scene: Scene) -> None:
    await scene.answer(b"x", **{"content-encoding": "zz"})


@pytest.mark.parametrize("script, code, outcome", [
    (unanswered, "upstream_closed", "reset"),
    (short, "upstream_broken", "truncated"),
    (cut_chunks, "upstream_broken", "truncated"),
    (torn_off, "upstream_broken", "truncated"),
    (no_chunk, "upstream_broken", "truncated"),
    (no_http, "upstream_closed", "malformed"),
    (odd_status, "upstream_status", "malformed"),
    (unknown_coding, "upstream_coding", "malformed"),
])  # fmt: skip
async def test_a_broken_answer_has_a_name(client: Transport, script: object, code: str, outcome: str) -> None:
    async with Upstream(script) as upstream:  # type: ignore[arg-type]
        fault = await failure(client, to(upstream))
        assert (fault.error["kind"], fault.error["code"], fault.outcome) == ("bad_gateway", code, outcome)


async def test_an_encrypted_address_that_is_not_has_a_name(client: Transport) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        request = UpstreamRequest("POST", f"https://127.0.0.1:{port}/", [], b"", allow_private=True)
        fault = await failure(client, request)
    assert (fault.error["code"], fault.outcome) == ("upstream_tls", "tls")


async def test_a_connection_that_nobody_takes_has_a_name(client: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(8)]
        for sock in waiting:  # until there is no room for one more
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        request = UpstreamRequest(
            "POST", f"http://127.0.0.1:{port}/", [], b"", Timers(connect=0.3), allow_private=True
        )
        fault = await failure(client, request)
        for sock in waiting:
            sock.close()
    assert (fault.error["kind"], fault.outcome) == ("timeout", "connect")


def test_a_name_that_does_not_resolve_has_a_name() -> None:
    fault = aiohttp.ClientConnectorDNSError(ConnectionKey("x", 1, False, True, None, None, None), OSError("no such name"))
    assert AiohttpClient()._named(fault).outcome == "dns"


async def test_an_answer_over_the_cap_is_not_read_on(client: Transport) -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(*[b"x" * 1000] * 20)

    async with Upstream(script) as upstream:
        assert (await failure(client, to(upstream, cap=5000))).error["code"] == "upstream_too_large"


async def test_an_unasked_coding_is_undone_and_its_header_dropped(client: Transport) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(gzip.compress(b"plain" * 50), **{"content-encoding": "gzip"})

    async with Upstream(script) as upstream:
        response = await client.send(to(upstream))
        assert "content-encoding" not in response.headers
        assert await body(response) == b"plain" * 50


@pytest.mark.parametrize("data, coding, code", [
    (gzip.compress(b"0" * 1_000_000, mtime=0), "gzip", "upstream_too_large"),
    (gzip.compress(b"abc" * 100, mtime=0)[:-9], "gzip", "upstream_broken"),
    (b"not gzip at all", "gzip", "upstream_coding"),
    (b"whatever", "zz", "upstream_coding"),
])  # fmt: skip
async def test_a_bad_coding_is_an_error_not_an_empty_answer(client: Transport, data: bytes, coding: str, code: str) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(data, **{"content-encoding": coding})

    async with Upstream(script) as upstream:
        assert (await failure(client, to(upstream))).error["code"] == code


async def test_letting_go_of_an_answer_closes_the_connection(client: Transport) -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(b"one", end=False)
        await scene.hold()

    async with Upstream(script) as upstream:
        response = await client.send(to(upstream))
        assert await anext(response.aiter_raw()) == b"one"
        await response.aclose()
        await upstream.seen[0].gone.wait()


async def test_cancelled_requests_leave_the_pool_usable(client: Transport) -> None:
    async def answer(scene: Scene) -> None:
        await scene.answer(b"ok")

    async with Upstream(*[Scene.hold] * 20, answer) as upstream:
        tasks = [asyncio.create_task(client.send(to(upstream))) for _ in range(20)]
        while len(upstream.seen) < 20:
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await body(await client.send(to(upstream))) == b"ok"


async def test_addresses_inside_are_out_of_reach_unless_a_provider_allows_them(client: Transport) -> None:
    async with Upstream(Scene.hold) as upstream:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433"):
            request = UpstreamRequest("POST", f"http://{host}:{upstream.port}/", [], b"")
            assert (await failure(client, request)).error["kind"] in {"server", "bad_gateway"}
        assert upstream.seen == []


async def good(scene: Scene) -> None:
    await scene.answer(b"x")


async def finished(scene: Scene) -> None:
    scene.writer.close()


async def reset(scene: Scene) -> None:
    scene.reset()


async def half_a_head(scene: Scene) -> None:
    await scene.send(b"HTTP/1.1 200 OK\r\ncontent-")
    scene.writer.close()


again = pytest.mark.parametrize("make", [Client, AiohttpClient])  # the library of the other does not tell enough


@again
@pytest.mark.parametrize("close", [finished, reset])
async def test_a_pooled_connection_that_closes_unanswered_is_replaced_once(client: Transport, close: Script) -> None:
    async with Upstream(good, close, good) as upstream:
        assert await body(await client.send(to(upstream))) == b"x"
        assert await body(await client.send(to(upstream))) == b"x"
        assert [seen.body for seen in upstream.seen] == [b'{"a": 1}'] * 3


@again
async def test_the_replacement_of_a_pooled_connection_is_not_replaced(client: Transport) -> None:
    async with Upstream(good, reset) as upstream:
        await body(await client.send(to(upstream)))
        assert (await failure(client, to(upstream))).error["code"] == "upstream_closed"
        assert len(upstream.seen) == 3


@pytest.mark.parametrize("close", [finished, reset])
async def test_a_new_connection_that_closes_unanswered_is_a_failure_at_once(client: Transport, close: Script) -> None:
    async with Upstream(close, good) as upstream:
        assert (await failure(client, to(upstream))).error["code"] == "upstream_closed"
        assert len(upstream.seen) == 1


async def test_an_answer_that_began_is_never_asked_for_again(client: Transport) -> None:
    async with Upstream(good, half_a_head, good) as upstream:
        await body(await client.send(to(upstream)))
        await failure(client, to(upstream))
        assert len(upstream.seen) == 2


def test_repeated_headers_of_an_answer_are_one_list() -> None:
    assert text_of([(b"X-One", b"a"), (b"x-one", b"b"), (b"X-Two", b"c")]) == {"x-one": "a, b", "x-two": "c"}


def test_headers_that_are_no_ascii_are_still_text() -> None:
    raw = [(b"x-name", "Zoë".encode()), (b"x-other", "Zoë".encode("latin-1")), (b"x-one", b"1 ")]
    assert text_of(raw) == {"x-name": "Zoë", "x-other": "Zoë", "x-one": "1"}


async def test_a_place_in_the_pool_is_waited_for_as_long_as_a_connection(make: Maker) -> None:
    client = make(connections=1)
    async with Upstream(Scene.hold) as upstream:
        first = asyncio.create_task(client.send(to(upstream)))
        await upstream.arrived.wait()
        fault = await failure(client, to(upstream, Timers(connect=0.3)))
        assert (fault.error["kind"], fault.outcome, len(upstream.seen)) == ("timeout", "connect", 1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    await client.aclose()
