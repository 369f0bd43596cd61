"""Every recorded error of an upstream reaches each official library as the class its users catch, with the upstream's words."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai import errors as google, types

from tests.e2e.conversations import Gateway
from tests.e2e.script import QUESTION, STEPS, TOOLS
from tests.e2e.upstreams import UPSTREAMS
from tests.support.corpus import PROTOCOLS, Exchange, exchanges, require
from tests.support.fake import KEY
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

pytestmark = [pytest.mark.corpus, pytest.mark.sdk]

HI: Any = [{"role": "user", "content": "hi"}]
SPEAKING = {"openai-chat": "chat", "anthropic-messages": "messages", "gemini-generate": "generate", "openai-responses": "responses"}
Ask = Callable[[str, str, bool], Awaitable[None]]


async def ask_chat(url: str, model: str, stream: bool) -> None:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=url + "/v1", max_retries=0) as client:
        answer = await client.chat.completions.create(model=model, messages=HI, stream=stream)
        if stream:
            async for _ in answer:
                pass


async def ask_messages(url: str, model: str, stream: bool) -> None:
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0) as client:
        answer: Any = await client.messages.create(model=model, messages=HI, max_tokens=9, stream=stream)
        if stream:
            async for _ in answer:
                pass


async def ask_generate(url: str, model: str, stream: bool) -> None:
    async with httpx2.AsyncClient(timeout=30) as http:
        options = types.HttpOptions(base_url=url, api_version="v1beta", httpx_async_client=http)
        client = genai.Client(api_key=KEY, http_options=options, vertexai=False).aio
        if stream:
            async for _ in await client.models.generate_content_stream(model=model, contents="hi"):
                pass
        else:
            await client.models.generate_content(model=model, contents="hi")


class Failed(Exception):
    """A stream of this library ended in an event that tells of a failure: it is an event like any other there."""


async def ask_responses(url: str, model: str, stream: bool) -> None:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=url + "/v1", max_retries=0) as client:
        answer: Any = await client.responses.create(model=model, input="hi", stream=stream)
        if stream:
            async for event in answer:
                if event.type == "response.failed":
                    raise Failed(event.response.error.message)


ASK: dict[str, Ask] = {
    "openai-chat": ask_chat, "anthropic-messages": ask_messages, "gemini-generate": ask_generate, "openai-responses": ask_responses,
}  # fmt: skip
ERRORS = (openai.APIError, anthropic.APIError, google.APIError, Failed)


def wanted(client: str, status: int) -> type[Exception]:
    """The class of an upstream's status; a credential that is refused is the gateway's, so a fault of a server."""
    if client == "gemini-generate":
        return google.ServerError if status in (401, 403) else google.ClientError
    library: Any = anthropic if client == "anthropic-messages" else openai
    names = {400: "BadRequestError", 404: "NotFoundError", 429: "RateLimitError"}
    return getattr(library, names.get(status, "InternalServerError"))


def recorded(protocol: str) -> list[Exchange]:
    return [x for x in exchanges(*PROTOCOLS) if x.protocol == protocol and int(x.response["status"]) >= 400]


def refused(error: Exchange) -> bool:
    """Whether the upstream refused the credential, which is nothing that the client should hear in these words."""
    return int(error.response["status"]) in (401, 403) or "API_KEY_INVALID" in error.payload.decode()


def message(error: Exchange) -> str:
    """What the upstream said."""
    body: Any = error.response.get("body")
    body = body[0] if isinstance(body, list) else body
    said = body.get("error", body) if isinstance(body, dict) else body
    return str(said.get("message") or said.get("detail") or "") if isinstance(said, dict) else str(said or "")


def failing(error: Exchange, *, inside: bool, upstream: str) -> Callable[[Scene], Awaitable[None]]:
    """The recorded answer; `inside` a stream that has begun, as a frame of its protocol."""
    strict = UPSTREAMS[upstream]

    async def script(scene: Scene) -> None:
        if not inside:
            await scene.answer(error.payload, int(error.response["status"]))
            return
        begun = strict.stream(strict.answer(json.loads(OPENINGS[upstream]), replay=False))
        text = begun.index(STEPS[0].text[:3].encode())
        await scene.stream(begun[: begun.index(b"\n\n", text) + 2], frame(error, upstream))

    return script


def frame(error: Exchange, upstream: str) -> bytes:
    """The error as an event of the upstream's stream."""
    said = error.payload.strip()
    if upstream == "responses":
        said = json.dumps({"type": "error", "sequence_number": 9, **error.response["body"]}).encode()
    name = b"event: error\n" if upstream in ("messages", "responses") else b""
    return name + b"data: " + said + b"\n\n"


OPENINGS = {
    "chat": json.dumps({"model": "m", "messages": [{"role": "user", "content": QUESTION}], "tools": [{"function": {"name": n}} for n in TOOLS]}),
    "messages": json.dumps({"model": "m", "messages": [{"role": "user", "content": QUESTION}], "tools": [{"name": n} for n in TOOLS]}),
    "responses": json.dumps({
        "model": "m", "input": QUESTION, "tools": [{"name": n} for n in TOOLS], "store": False, "include": ["reasoning.encrypted_content"],
    }),
    "generate": json.dumps({
        "contents": [{"role": "user", "parts": [{"text": QUESTION}]}], "tools": [{"functionDeclarations": [{"name": n} for n in TOOLS]}],
    }),
}  # fmt: skip


async def caught(gateway: Gateway, client: str, upstream: str, error: Exchange, *, stream: bool, inside: bool) -> Exception | None:
    """What the library raises."""
    snapshot, ports = gateway
    script = failing(error, inside=inside, upstream=upstream)
    async with Upstream(script, port=ports[upstream]), running(snapshot) as server:
        try:
            await ASK[client](f"http://127.0.0.1:{server.port}", upstream, stream)
        except ERRORS as problem:
            return problem
    return None


@pytest.mark.parametrize("stream", [False, True], ids=["json", "sse"])
@pytest.mark.parametrize("upstream", SPEAKING)
@pytest.mark.parametrize("client", ASK)
async def test_a_recorded_error_is_the_right_exception(gateway: Gateway, client: str, upstream: str, stream: bool) -> None:
    require()
    errors, wrong = recorded(upstream), []
    for error in errors:
        problem = await caught(gateway, client, SPEAKING[upstream], error, stream=stream, inside=False)
        status = 401 if refused(error) else int(error.response["status"])
        if type(problem) is not wanted(client, status):
            wrong.append(f"{error.id}: {problem!r} is no {wanted(client, status).__name__}")
        elif not refused(error) and message(error) not in str(problem):
            wrong.append(f"{error.id}: {problem!r} does not say {message(error)!r}")
    assert errors
    assert wrong == []


@pytest.mark.parametrize("upstream", SPEAKING)
@pytest.mark.parametrize("client", ASK)
async def test_a_recorded_error_in_the_middle_of_a_stream_is_an_exception(gateway: Gateway, client: str, upstream: str) -> None:
    require()
    wrong = []
    for error in recorded(upstream):
        if not refused(error) and isinstance(error.response.get("body"), dict):
            problem = await caught(gateway, client, SPEAKING[upstream], error, stream=True, inside=True)
            if problem is None or message(error) not in str(problem):
                wrong.append(f"{error.id}: {problem!r} does not say {message(error)!r}")
    assert wrong == []
