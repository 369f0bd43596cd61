"""A stream that passes through tells the gateway what it used, and its client what it would have told without being asked."""

from __future__ import annotations

import json

import pytest
from torouter.pipeline.passthrough import AskingRelay
from torouter.protocol import Call
from torouter.wire.framing import DEFAULT_CAP

from tests.e2e.conftest import Play
from tests.support.client import RawClient
from tests.support.corpus import exchanges, require
from tests.support.protocols import protocol
from tests.support.scripted import Scene
from tests.support.talk import CHAT

FRAME = b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"theirs","choices":[%b]%b}\n\n'
SAID = b'{"index":0,"delta":{"content":"\\"usage\\":null, is no member"},"finish_reason":null}'
OVER = b'{"index":0,"delta":{},"finish_reason":"stop"}'
DONE = b"data: [DONE]\n\n"
PLAIN = FRAME % (SAID, b"") + FRAME % (OVER, b"") + DONE
TOLD = b',"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}'
ASKED = FRAME % (SAID, b',"usage":null') + FRAME % (OVER, b',"usage":null') + FRAME % (b"", TOLD) + DONE


async def streamed(play: Play, model: str, said: bytes, **body: object) -> tuple[bytes, bytes]:
    """What the upstream was asked, and what the client was sent."""

    async def script(scene: Scene) -> None:
        await scene.stream(said)

    async with play(script) as scenery, RawClient(scenery.gateway.port) as client:
        await client.request("POST", CHAT.path, CHAT.body(model, stream=True, **body))
        await client.head()
        sent = b""
        while piece := await client.chunk():
            sent += piece
        return scenery.upstream.seen[0].body, sent


async def test_a_client_that_did_not_ask_sees_the_stream_as_it_would_have_been(play: Play) -> None:
    body, sent = await streamed(play, "asked-to-openai-chat", ASKED)
    assert json.loads(body)["stream_options"] == {"include_usage": True}
    assert sent == PLAIN


async def test_what_the_client_said_beside_stays_and_its_no_is_a_no_to_itself(play: Play) -> None:
    given = {"include_usage": False, "include_obfuscation": False}
    body, sent = await streamed(play, "asked-to-openai-chat", ASKED, stream_options=given)
    assert json.loads(body)["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    assert sent == PLAIN


async def test_a_client_that_asked_sees_every_byte(play: Play) -> None:
    body, sent = await streamed(play, "asked-to-openai-chat", ASKED, stream_options={"include_usage": True})
    assert (json.loads(body)["stream_options"], sent) == ({"include_usage": True}, ASKED)


async def test_a_provider_that_is_not_known_to_take_the_question_is_not_asked(play: Play) -> None:
    body, sent = await streamed(play, "to-openai-chat", PLAIN)
    assert "stream_options" not in json.loads(body)
    assert sent == PLAIN


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_what_the_stream_used_is_known_wherever_it_is_cut(size: int) -> None:
    spoken, call = protocol("openai-chat"), Call()
    assert spoken.usage_on_request is not None
    relay = AskingRelay(spoken, spoken, call, DEFAULT_CAP, spoken.usage_on_request)
    sent = b"".join(relay.feed(ASKED[at : at + size]) for at in range(0, len(ASKED), size)) + relay.close()
    assert sent == PLAIN
    assert (call.usage["input"], call.usage["output"], relay.failed) == (3, 2, None)


@pytest.mark.corpus
def test_recorded_streams_that_were_asked_become_what_those_that_were_not_look_like() -> None:
    require()
    asks = protocol("openai-chat").usage_on_request
    assert asks is not None
    recorded = [it for it in exchanges("openai.chat") if it.service == "openai.chat" and "sse" in it.response and it.request]
    asked = [it for it in recorded if (it.request or {})["body"].get("stream_options") == {"include_usage": True}]
    others = [it for it in recorded if "stream_options" not in (it.request or {})["body"]]
    assert min(len(asked), len(others)) > 5
    assert [it.id for it in others if b'"usage"' in it.payload] == []
    assert [it.id for it in asked if b'"usage"' in asks.hidden(it.payload)] == []
    assert all(asks.hidden(it.payload).count(b"data:") == it.payload.count(b"data:") - 1 for it in asked)
