"""The shipped policy before real sockets: another target answers, the client never sees twice, attempts are few."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import orjson
import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.support.client import Answer
from tests.support.fake import KEY
from tests.support.gateway import free_port
from tests.support.running import Running, running
from tests.support.scripted import Scene, Script, Upstream
from tests.support.talk import TALKS, Talk

ROUTES = """
providers:
  one:
    base_url: http://127.0.0.1:{one}
    allow_private: true
    timeouts: {{first_byte: 500ms, idle: 500ms}}
    speaks: {{openai-chat: {{path: /v1/chat/completions}}}}
  two:
    base_url: http://127.0.0.1:{two}
    allow_private: true
    speaks: {{anthropic-messages: {{path: /v1/messages}}}}
models:
  pair: {{targets: [{{provider: one, model: a}}, {{provider: two, model: b}}]}}
  twice: {{targets: [{{provider: one, model: a}}, {{provider: one, model: b}}, {{provider: one, model: c}}]}}
  short:
    targets: [{{provider: one, model: a}}]
    fallback: [{{model: long, on: [context_length]}}]
  long: {{targets: [{{provider: two, model: b}}]}}
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""
[CHAT] = [talk for talk in TALKS if talk.path == "/v1/chat/completions"]
[MESSAGES] = [talk for talk in TALKS if talk.path == "/v1/messages"]
TOO_LONG = {"error": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"}}


async def answers(scene: Scene) -> None:
    """What the second provider says: whole, or as a stream."""
    if b'"stream":true' in scene.seen.body.replace(b" ", b""):
        await scene.stream(MESSAGES.stream)
    else:
        await scene.answer(MESSAGES.whole)


def says(status: int, body: bytes = b'{"error": {"message": "sad"}}', **headers: str) -> Script:
    async def script(scene: Scene) -> None:
        await scene.answer(body, status, **headers)

    return script


async def resets(scene: Scene) -> None:
    scene.reset()


async def falls_silent(scene: Scene) -> None:
    await scene.stream(CHAT.opening, end=False)
    await scene.hold()


async def tears_off(scene: Scene) -> None:
    await scene.stream(CHAT.opening, end=False)
    scene.reset()


async def errs_in_the_stream(scene: Scene) -> None:
    await scene.stream(CHAT.opening + CHAT.error_frame)


async def errs_after_text(scene: Scene) -> None:
    await scene.stream(CHAT.opening + CHAT.saying, end=False)
    await asyncio.sleep(0.1)
    await scene.chunk(CHAT.error_frame)
    await scene.hold()


Pair = Callable[[Script], AbstractAsyncContextManager[tuple[Running, Upstream, Upstream]]]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, held: object) -> tuple[Snapshot, int, int]:
    """The shipped files with two providers, and their ports."""
    one, two = free_port(), free_port()
    folder = tmp_path_factory.mktemp("failing")
    text = ROUTES.format(one=one, two=two, hash=hashlib.sha256(KEY.encode()).hexdigest())
    (folder / "routes.yaml").write_text(text)
    found = Diagnostics()
    snapshot = compile_project(load_project(folder, found), found)
    assert render_terminal(found) == ""
    return snapshot, one, two


@pytest.fixture
def pair(compiled: tuple[Snapshot, int, int]) -> Pair:
    """Run a gateway before two providers: the first plays a script, the second answers."""
    snapshot, one, two = compiled

    @asynccontextmanager
    async def start(script: Script) -> AsyncIterator[tuple[Running, Upstream, Upstream]]:
        async with Upstream(script, port=one) as first, Upstream(answers, port=two) as second:
            async with running(snapshot) as gateway:  # type: ignore[arg-type]
                yield gateway, first, second

    return start


async def ask(gateway: Running, talk: Talk, model: str, *, stream: bool) -> Answer:
    body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    return await gateway.ask("POST", talk.path, orjson.dumps(body))


FAILURES: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "reset": resets,
    "silence before the head": Scene.hold,
    "429": says(429, **{"retry-after": "20"}),
    "500": says(500),
    "529": says(529),
    "a refused credential": says(401),
    "a page": says(200, b"<html>"),
    "nothing": says(200, b""),
    "an error inside a 200": says(200, b'{"error": {"message": "sad", "code": 502}}'),
}
EARLY = {
    "silence before any output": falls_silent,
    "torn off before any output": tears_off,
    "an error before any output": errs_in_the_stream,
}


@pytest.mark.parametrize("talk", [CHAT, MESSAGES], ids=lambda talk: str(talk.protocol))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_another_provider_answers_whatever_the_first_did(talk: Talk, stream: bool, pair: Pair) -> None:
    failures = {**FAILURES, **(EARLY if stream else {})}
    for name, script in failures.items():
        async with pair(script) as (gateway, one, two):
            answer = await ask(gateway, talk, "pair", stream=stream)
        told = answer.body.replace(b"\\n", b"\n")
        assert (name, answer.status, b"sad" in told, len(one.seen), len(two.seen)) == (name, 200, False, 1, 1)
        assert b"Hello" in answer.body or b"Hel" in answer.body


@pytest.mark.parametrize("talk", [CHAT, MESSAGES], ids=lambda talk: str(talk.protocol))
async def test_after_the_first_output_nobody_else_is_asked(talk: Talk, pair: Pair) -> None:
    async with pair(errs_after_text) as (gateway, _, two):
        answer = await ask(gateway, talk, "pair", stream=True)
    assert (answer.status, two.seen) == (200, [])
    assert b"error" in answer.body
    assert b"sad" in answer.body


async def test_what_is_too_long_for_one_model_goes_to_the_one_that_is_named_for_it(
    pair: Pair,
) -> None:
    async with pair(says(400, orjson.dumps(TOO_LONG))) as (gateway, one, two):
        assert (await ask(gateway, CHAT, "short", stream=False)).status == 200
    async with pair(says(400)) as (gateway, one, two):
        assert (await ask(gateway, CHAT, "short", stream=False)).status == 400
        assert (len(one.seen), len(two.seen)) == (1, 0)


@pytest.mark.parametrize("script", [resets, says(500), says(503), says(429)], ids=["reset", "500", "503", "429"])
async def test_when_everything_is_down_attempts_hardly_outnumber_requests(script: Script, pair: Pair) -> None:
    async with pair(script) as (gateway, one, _):
        for _ in range(10):
            told = await asyncio.gather(*(ask(gateway, CHAT, "twice", stream=False) for _ in range(20)))
            assert all(answer.status >= 429 for answer in told)
        assert 200 <= len(one.seen) <= 240
