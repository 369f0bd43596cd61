"""Gemini's streams in both of their framings, asked for and given: server-sent events and one JSON array."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.conftest import SECRET, Play
from tests.support.fake import KEY
from tests.support.scripted import Scene
from tests.support.talk import CHAT

Json = dict[str, Any]

CHUNKS: list[Json] = [
    {"candidates": [{"content": {"role": "model", "parts": [{"text": "He[l"}]}, "index": 0}], "modelVersion": "theirs"},
    {
        "candidates": [{"content": {"role": "model", "parts": [{"text": 'l"}o'}]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
    },
]
EVENTS = "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in CHUNKS).encode()
ARRAY = b"[" + b"\n,\r\n".join(json.dumps(chunk, indent=1).encode() for chunk in CHUNKS) + b"\n]\n"
SAID = 'He[ll"}o'
BODY = json.dumps({"contents": [{"parts": [{"text": "hi"}]}]}).encode()


def said(chunks: list[Json]) -> str:
    return "".join(part["text"] for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"])


def pieces(data: bytes) -> list[bytes]:
    places = [0, *range(5, len(data), 37), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


async def array_of(scene: Scene) -> None:
    await scene.stream(*pieces(ARRAY), content_type="application/json")


async def events_of(scene: Scene) -> None:
    await scene.stream(*pieces(EVENTS))


@pytest.mark.parametrize(("model", "script"), [("to-gemini-events", events_of), ("to-gemini-arrays", array_of)])
async def test_who_does_not_ask_for_events_gets_one_array(model: str, script: Any, play: Play) -> None:
    async with play(script) as scenery:
        answer = await scenery.gateway.ask("POST", f"/v1beta/models/{model}:streamGenerateContent", BODY)
        assert scenery.upstream.seen[0].line == f"POST /gemini{'?alt=sse' if script is events_of else ''} HTTP/1.1"
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert said(answer.json) == SAID
    assert answer.json[-1]["candidates"][0]["finishReason"] == "STOP"


async def test_who_asks_for_events_gets_the_bytes_of_an_upstream_that_sends_them(play: Play) -> None:
    async with play(events_of) as scenery:
        answer = await scenery.gateway.ask("POST", "/v1beta/models/to-gemini-events:streamGenerateContent?alt=sse", BODY)
    assert (answer.status, answer.body) == (200, EVENTS)


async def test_an_array_is_read_for_clients_of_other_framings_and_protocols(play: Play) -> None:
    async with play(array_of, array_of) as scenery:
        own = await scenery.gateway.ask("POST", "/v1/models/to-gemini-arrays:streamGenerateContent?alt=sse", BODY)
        other = await scenery.gateway.ask("POST", CHAT.path, CHAT.body("to-gemini-arrays", stream=True))
    frames = [json.loads(line[6:]) for line in own.body.splitlines() if line]
    assert own.headers["content-type"].startswith("text/event-stream")
    assert said(frames) == SAID
    assert other.body.endswith(b"data: [DONE]\n\n")


async def test_an_array_that_breaks_off_ends_in_an_error_within_the_clients_array(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(ARRAY[: ARRAY.index(b"candidates", 40)], content_type="application/json")

    async with play(script) as scenery:
        answer = await scenery.gateway.ask("POST", "/v1beta/models/to-gemini-arrays:streamGenerateContent", BODY)
    assert answer.json[-1]["error"]["code"] == 502


async def test_a_whole_answer_is_whole_also_where_streams_are_arrays(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(json.dumps(CHUNKS[1]).encode())

    async with play(script) as scenery:
        answer = await scenery.gateway.ask("POST", "/v1beta/models/models/to-gemini-arrays:generateContent", BODY)
    assert answer.json["candidates"] == CHUNKS[1]["candidates"]


@pytest.mark.parametrize("place", ["header", "query", "bearer"])
async def test_the_key_is_taken_from_header_or_address_and_never_goes_on(place: str, play: Play) -> None:
    async with play(events_of) as scenery:
        headers = {"header": {"x_goog_api_key": KEY}, "bearer": {"authorization": f"Bearer {KEY}"}, "query": {}}[place]
        query = f"&key={KEY}" if place == "query" else ""
        target = f"/v1beta/models/to-gemini-events:streamGenerateContent?alt=sse{query}"
        answer = await scenery.gateway.ask("POST", target, BODY, key=None, **headers)
        seen = scenery.upstream.seen[0]
    assert answer.status == 200
    assert seen.headers["x-goog-api-key"] == SECRET
    assert KEY.encode() not in seen.head + seen.body


async def test_two_different_keys_are_refused_in_the_words_of_the_protocol(play: Play) -> None:
    async with play() as scenery:
        answer = await scenery.gateway.ask("POST", "/v1beta/models/x:generateContent?key=other", BODY)
    assert (answer.status, answer.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert answer.json["error"]["details"][0]["reason"] == "conflicting_credentials"
