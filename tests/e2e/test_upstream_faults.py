"""Whatever an upstream does, the official libraries raise an error of their own: never a success, never silence."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
import pytest

from tests.e2e.conftest import SECRET, Play, Scenery
from tests.e2e.libraries import Result, libraries
from tests.support.fake import KEY
from tests.support.scripted import Scene, Upstream
from tests.support.talk import TALKS, Talk

pytestmark = pytest.mark.sdk

Act = Callable[[Scene, Talk, bool], Awaitable[None]]
SMALL = {"max_response": 128 * 1024, "max_event": 32 * 1024}
HTML = b"<!doctype html>\n\n<title>Bad gateway</title>\n\n<p>data: none</p>\n"


@dataclass(frozen=True)
class Fault:
    """What an upstream does, the outcomes that the log may tell of it, and whether text may come before."""

    name: str
    act: Act
    outcome: str
    modes: tuple[bool, ...] = (False, True)
    late: bool = False


def says(data: bytes, status: int = 200, content_type: str = "application/json", **headers: str) -> Act:
    async def act(scene: Scene, talk: Talk, stream: bool) -> None:
        await scene.answer(data, status, content_type, **headers)

    return act


def streams(make: Callable[[Talk], bytes], **options: bool) -> Act:
    async def act(scene: Scene, talk: Talk, stream: bool) -> None:
        await scene.stream(make(talk), **options)

    return act


def begins_then(last: Callable[[Scene, Talk], Awaitable[None]]) -> Act:
    """Opening and text, and once that must have been read, something else."""

    async def act(scene: Scene, talk: Talk, stream: bool) -> None:
        await scene.stream(talk.opening + talk.saying, end=False)
        await asyncio.sleep(0.05)
        await last(scene, talk)

    return act


async def reset(scene: Scene, *_: object) -> None:
    scene.reset()


async def close(scene: Scene, *_: object) -> None:
    scene.writer.close()


async def hold(scene: Scene, *_: object) -> None:
    await scene.hold()


async def reset_in_head(scene: Scene, talk: Talk, stream: bool) -> None:
    await scene.send(b"HTTP/1.1 200 OK\r\ncontent-ty")
    await asyncio.sleep(0.02)
    scene.reset()


async def other_words(scene: Scene, talk: Talk, stream: bool) -> None:
    await scene.send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
    scene.writer.close()


async def reset_in_body(scene: Scene, talk: Talk, stream: bool) -> None:
    await scene.head(200, **{"content-length": str(len(talk.whole))})
    await scene.send(talk.whole[:40])
    await asyncio.sleep(0.02)
    scene.reset()


async def too_short(scene: Scene, talk: Talk, stream: bool) -> None:
    said, kind = (talk.stream, "text/event-stream") if stream else (talk.whole, "application/json")
    await scene.head(200, kind, **{"content-length": str(len(said) + 10)})
    await scene.send(said[:-40])
    scene.writer.close()


async def cut_chunks(scene: Scene, talk: Talk, stream: bool) -> None:
    kind = "text/event-stream" if stream else "application/json"
    await scene.stream((talk.opening + talk.saying) if stream else talk.whole, content_type=kind, end=False)
    scene.writer.close()


async def silent_body(scene: Scene, talk: Talk, stream: bool) -> None:
    await scene.head(200, "text/event-stream" if stream else "application/json", **{"transfer-encoding": "chunked"})
    await scene.hold()


async def endless(scene: Scene, talk: Talk, stream: bool) -> None:
    kind = "text/event-stream" if stream else "application/json"
    await scene.stream(talk.opening if stream else b"[", content_type=kind, end=False)
    while not scene.seen.gone.is_set():
        await scene.chunk(talk.saying * 20 if stream else b"1," * 4000)


def labelled(content_type: str, make: Callable[[Talk], bytes]) -> Act:
    async def act(scene: Scene, talk: Talk, stream: bool) -> None:
        await scene.answer(make(talk), 200, content_type)

    return act


def error_of(talk: Talk) -> bytes:
    return json.dumps(talk.error).encode()


def zipped(scene_bytes: Callable[[bytes], bytes]) -> Act:
    async def act(scene: Scene, talk: Talk, stream: bool) -> None:
        said, kind = (talk.stream, "text/event-stream") if stream else (talk.whole, "application/json")
        await scene.answer(scene_bytes(said), 200, kind, **{"content-encoding": "gzip"})

    return act


def mid(frame: Callable[[Talk], bytes]) -> Act:
    async def last(scene: Scene, talk: Talk) -> None:
        await scene.chunk(frame(talk))
        await scene.hold()

    return begins_then(last)


async def ended(scene: Scene, talk: Talk) -> None:
    await scene.send(b"0\r\n\r\n")


BOTH, WHOLE, STREAM = (False, True), (False,), (True,)
FAULTS = [
    Fault("reset before the head", reset, "bad_gateway"),
    Fault("closed before the head", close, "bad_gateway"),
    Fault("reset in the head", reset_in_head, "bad_gateway"),
    Fault("another protocol", other_words, "bad_gateway"),
    Fault("no answer", hold, "timeout"),
    Fault("no body", silent_body, "timeout"),
    Fault("reset in the body", reset_in_body, "bad_gateway"),
    Fault("shorter than declared", too_short, "bad_gateway", late=True),
    Fault("chunks without an end", cut_chunks, "bad_gateway", late=True),
    Fault("an empty 200", says(b""), "bad_gateway"),
    Fault("an empty stream", says(b"", content_type="text/event-stream"), "bad_gateway"),
    Fault("nothing but comments", says(b": hi\n\n" * 3, content_type="text/event-stream"), "bad_gateway"),
    Fault("only the end mark", says(b"data: [DONE]\n\n", content_type="text/event-stream"), "bad_gateway"),
    Fault("a page", says(HTML, content_type="text/html"), "bad_gateway"),
    Fault("a page that says it is JSON", says(HTML), "bad_gateway"),
    Fault("a page that says it is a stream", says(HTML, content_type="text/event-stream"), "bad_gateway"),
    Fault("JSON that breaks off", labelled("application/json", lambda talk: talk.whole[:-9]), "bad_gateway"),
    Fault("a list", says(b"[]"), "bad_gateway"),
    Fault("null", says(b"null"), "bad_gateway"),
    Fault("text", says(b'"Hello"'), "bad_gateway"),
    Fault("an empty object", says(b"{}"), "bad_gateway"),
    Fault("an object of somebody else", says(b'{"detail": "Not Found"}'), "bad_gateway"),
    Fault("bytes that are no UTF-8", labelled("application/json", lambda t: t.whole.replace(b"Hello", b"H\xff")), "bad_gateway"),
    Fault("broken gzip", zipped(lambda said: gzip.compress(said)[:-60]), "bad_gateway", late=True),
    Fault("gzip in name only", zipped(lambda said: said), "bad_gateway"),
    Fault("an unknown coding", says(b"x", **{"content-encoding": "zz"}), "bad_gateway"),
    Fault("an answer without end", endless, "bad_gateway", late=True),
    Fault("an error with status 200", labelled("application/json", error_of), "server bad_gateway"),
    Fault("a stream that is JSON", labelled("text/event-stream", lambda talk: talk.whole), "bad_gateway"),
    Fault("JSON that is a stream", labelled("application/json", lambda talk: talk.stream), "bad_gateway"),
    Fault("status 204", says(b"", 204), "bad_gateway"),
    Fault("status 999", says(b"{}", 999), "bad_gateway"),
    Fault("an unasked switch of protocols", says(b"", 101), "bad_gateway"),
    Fault("not modified", says(b"", 304), "bad_gateway"),
    Fault("a text with status 500", says(b"upstream connect error", 500, "text/plain"), "server"),
    Fault("a page with status 502", says(HTML, 502, "text/html"), "bad_gateway"),
    Fault("an empty 503", says(b"", 503), "unavailable"),
    Fault("the gateway's key refused", says(b'{"error": {"message": "Incorrect key"}}', 401), "upstream_auth"),
    Fault("an error first", streams(lambda talk: talk.error_frame), "server bad_gateway", STREAM),
    Fault("an error after the opening", streams(lambda talk: talk.opening + talk.error_frame), "server bad_gateway", STREAM),
    Fault("an error after text", mid(lambda talk: talk.error_frame), "server bad_gateway", STREAM, late=True),
    Fault("no end after text", begins_then(ended), "bad_gateway", STREAM, late=True),
    Fault("reset after text", begins_then(reset), "bad_gateway", STREAM, late=True),
    Fault("silence after text", begins_then(hold), "timeout", STREAM, late=True),
    Fault("no JSON after text", mid(lambda talk: b"data: {oops\n\n"), "bad_gateway", STREAM, late=True),
    Fault("no UTF-8 after text", mid(lambda t: t.saying.replace(b"Hel", b"\xe2\x82")), "bad_gateway", STREAM, late=True),
    Fault("a line without end", mid(lambda talk: b"data: " + b"x" * 40_000), "bad_gateway", STREAM, late=True),
    Fault("a huge event", mid(lambda talk: b"data: " + b"x" * 40_000 + b"\n\n"), "bad_gateway", STREAM, late=True),
]  # fmt: skip


def script(act: Act) -> Callable[[Scene], Awaitable[None]]:
    """The script that acts in the protocol in which it is called."""

    async def play(scene: Scene) -> None:
        [talk] = [talk for talk in TALKS if talk.path in scene.seen.line]
        await act(scene, talk, b'"stream":true' in scene.seen.body.replace(b" ", b""))

    return play


Case = tuple[str, str, str]
MODE = {False: "whole", True: "stream"}


async def ask_all(scenery: Scenery, modes: tuple[bool, ...] = BOTH, model: str = "to-") -> dict[Case, Result]:
    """The same request of each library to each upstream, whole and streamed, all at once."""
    async with libraries(scenery.url) as callers:
        asked = {
            (caller.protocol, to.protocol, MODE[stream]): caller.ask(model + to.protocol, stream=stream)
            for caller in callers
            for to in TALKS
            for stream in modes
        }
        return dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))


def lines(caplog: pytest.LogCaptureFixture) -> dict[str, dict[str, object]]:
    """The access log by request id."""
    said = [orjson.loads(record.getMessage()) for record in caplog.records if record.name == "torouter.access"]
    assert len({line["id"] for line in said}) == len(said)
    return {line["id"]: line for line in said}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_is_an_error_of_the_clients_library(
    fault: Fault, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "torouter.access"):
        async with play(script(fault.act), **SMALL) as scenery:
            results = await ask_all(scenery, fault.modes, "hasty-to-" if fault.outcome == "timeout" else "to-")
    assert [case for case, result in results.items() if result.error is None] == []
    log = lines(caplog)
    told = {case: log[result.headers["x-request-id"]]["outcome"] for case, result in results.items()}
    assert {case: outcome for case, outcome in told.items() if outcome not in fault.outcome.split()} == {}
    assert [case for case, result in results.items() if result.text and not fault.late] == []
    seen = caplog.text + "".join(f"{result.error} {getattr(result.error, 'body', '')}" for result in results.values())
    for secret in (SECRET, KEY, str(scenery.upstream.port)):
        assert secret not in seen
    assert scenery.gateway.site.gateway.running == 0


async def test_a_service_that_is_not_there_is_an_error_of_the_clients_library(play: Play) -> None:
    async with play(script(hold)) as scenery:
        await scenery.upstream.__aexit__()
        results = await ask_all(scenery)
    assert {getattr(result.error, "status_code", None) for result in results.values()} == {502}
    assert not any(str(scenery.upstream.port) in f"{result.error}" for result in results.values())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_error_and_never_followed(status: int, play: Play) -> None:
    async with Upstream(Scene.hold) as canary:

        async def act(scene: Scene, talk: Talk, stream: bool) -> None:
            await scene.answer(talk.whole, status, location=f"{canary.url}{talk.path}")

        async with play(script(act)) as scenery:
            results = await ask_all(scenery)
        assert {getattr(result.error, "status_code", None) for result in results.values()} == {502}
        assert not canary.arrived.is_set()


async def test_a_limit_arrives_with_the_upstreams_words_and_the_time_to_wait(play: Play) -> None:
    async def act(scene: Scene, talk: Talk, stream: bool) -> None:
        await scene.answer(error_of(talk).replace(b"sad", b"busy"), 429, **{"retry-after": "7"})

    async with play(script(act)) as scenery:
        results = await ask_all(scenery)
    for result in results.values():
        assert type(result.error).__name__ == "RateLimitError"
        assert "Upstream is busy." in str(result.error)
        assert result.headers["retry-after"] == "7"


async def interim(scene: Scene, talk: Talk, stream: bool) -> None:
    await scene.send(b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
    await scene.answer(
        talk.stream if stream else talk.whole, 200, "text/event-stream" if stream else "application/json"
    )


ODD = {
    "after interim heads": interim,
    "in gzip": zipped(gzip.compress),
    "whole although streamed": labelled("application/json", lambda talk: talk.whole),
    "streamed although whole": labelled("text/event-stream; charset=utf-8", lambda talk: talk.stream),
    "without an end of chunks": streams(lambda talk: talk.stream + b": that is all\n\n"),
}


@pytest.mark.parametrize("act", ODD.values(), ids=ODD)
async def test_an_odd_answer_that_is_whole_is_a_success(act: Act, play: Play, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "torouter.access"):
        async with play(script(act)) as scenery:
            results = await ask_all(scenery)
    assert {case: (result.text, result.error) for case, result in results.items()} == dict.fromkeys(
        results, ("Hello", None)
    )
    assert {line["outcome"] for line in lines(caplog).values()} == {"ok"}


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_credential_that_an_upstream_repeats_stays_here(
    status: int, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(scene: Scene, talk: Talk, stream: bool) -> None:
        await scene.answer(error_of(talk).replace(b"sad", f"sad about {SECRET}".encode()), status)

    with caplog.at_level(logging.INFO):
        async with play(script(act)) as scenery:
            results = await ask_all(scenery)
    for result in results.values():
        assert "sad about" in str(result.error)
        assert SECRET not in f"{result.error} {getattr(result.error, 'body', '')}"
    assert SECRET not in caplog.text
