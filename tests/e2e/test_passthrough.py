"""Passthrough with the shipped protocols: what a client and its provider say to each other arrives byte for byte."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import SECRET, Play
from tests.support.client import RawClient
from tests.support.fake import KEY
from tests.support.scripted import Scene, Script
from tests.support.talk import CHAT, MESSAGES, TALKS, Talk


def cut_everywhere(said: bytes) -> list[Script]:
    """Make scripts that send these bytes in two pieces, one script for each place between two bytes."""

    def script(cut: int) -> Script:
        return lambda scene: scene.stream(said[:cut], said[cut:])

    return [script(cut) for cut in range(1, len(said))]


both = pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.protocol)


@both
async def test_a_request_differs_only_in_the_name_of_the_model(talk: Talk, play: Play) -> None:
    odd = b'{ "new_field": [1.50E+2, {"deep": "\\u00e9"}],\n\t"model" : "to-%b","max_tokens":64, "x":12345678901234567890123}'

    async def script(scene: Scene) -> None:
        await scene.answer(talk.whole)

    async with play(script) as scenery:
        answer = await scenery.gateway.ask("POST", talk.path, odd % talk.protocol.encode())
        assert answer.status == 200
        assert scenery.upstream.seen[0].body == odd.replace(b"to-%b", b"theirs")
        assert scenery.upstream.seen[0].line == f"POST {talk.path} HTTP/1.1"


@both
async def test_an_answer_is_the_upstreams_own_bytes(talk: Talk, play: Play) -> None:
    said = b" \n" + talk.whole[:-1] + b' , "unknown" : [1.50E+2, "\\u00e9"] }\n'

    async def script(scene: Scene) -> None:
        await scene.answer(said)

    async with play(script) as scenery:
        answer = await scenery.gateway.ask("POST", talk.path, talk.body(f"to-{talk.protocol}"))
        assert (answer.status, answer.body) == (200, said)


@both
async def test_a_stream_is_the_upstreams_own_bytes_wherever_it_is_cut(talk: Talk, play: Play) -> None:
    said = b": hello\n\n" + talk.stream.replace(b"\n\n", b"\r\n\r\n", 2)

    async with play(*cut_everywhere(said)) as scenery, RawClient(scenery.gateway.port) as client:
        for cut in range(1, len(said)):
            await client.request("POST", talk.path, talk.body(f"to-{talk.protocol}", stream=True))
            answer = await client.answer()
            assert (answer.status, answer.body) == (200, said), cut


@pytest.mark.parametrize("client", TALKS, ids=lambda talk: talk.protocol)
@both
async def test_a_translated_stream_is_the_same_wherever_it_is_cut(talk: Talk, client: Talk, play: Play) -> None:
    if talk is client:
        return
    scripts = cut_everywhere(talk.stream)
    said = set()
    async with play(*scripts) as scenery, RawClient(scenery.gateway.port) as wire:
        for _ in scripts:
            await wire.request("POST", client.path, client.body(f"to-{talk.protocol}", stream=True))
            said.add((await wire.answer()).body)
    [one] = said
    assert b"Hel" in one


async def test_the_version_and_the_betas_go_upstream_byte_for_byte(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(MESSAGES.whole)

    beta = "made-up-2026-01-01,other-beta-2;q=0.5,   spaced"
    async with play(script) as scenery:
        await scenery.gateway.ask(
            "POST",
            MESSAGES.path,
            MESSAGES.body("to-anthropic-messages"),
            anthropic_version="2099-12-31",
            anthropic_beta=beta,
        )
        headers = scenery.upstream.seen[0].headers
        assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2099-12-31", beta)


async def test_a_translated_request_has_the_providers_own_version_and_no_betas(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(MESSAGES.whole)

    async with play(script) as scenery:
        body = CHAT.body("to-anthropic-messages")
        await scenery.gateway.ask("POST", CHAT.path, body, anthropic_version="2099-12-31", anthropic_beta="made-up")
        headers = scenery.upstream.seen[0].headers
        assert headers["anthropic-version"] == "2023-06-01"
        assert "anthropic-beta" not in headers


@pytest.mark.parametrize(
    "talk, given",
    [
        (CHAT, {"x-ratelimit-remaining-tokens": "12", "openai-processing-ms": "7", "x-should-retry": "false"}),
        (
            MESSAGES,
            {"anthropic-ratelimit-tokens-remaining": "12", "anthropic-organization-id": "o", "retry-after-ms": "7"},
        ),
    ],
    ids=["openai-chat", "anthropic-messages"],
)
@pytest.mark.parametrize("status", [200, 429])
async def test_limits_come_back_and_nothing_of_the_connection(
    talk: Talk, given: dict[str, str], status: int, play: Play
) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(
            talk.whole, status, **given, **{"set-cookie": "a=b", "server": "s", "x-request-id": "theirs"}
        )

    async with play(script) as scenery:
        answer = await scenery.gateway.ask("POST", talk.path, talk.body(f"to-{talk.protocol}"))
        assert answer.status == status
        assert {name: answer.headers[name] for name in given} == given
        assert not {"set-cookie", "server"} & answer.headers.keys()
        assert answer.headers["x-request-id"] == answer.headers["request-id"] != "theirs"


@pytest.mark.parametrize("client", TALKS, ids=lambda talk: talk.protocol)
@both
async def test_no_credential_of_a_client_goes_upstream_and_ours_goes_nowhere_else(
    talk: Talk, client: Talk, play: Play
) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(talk.whole)

    async with play(script) as scenery:
        headers = {
            "x_api_key": KEY,
            "x_goog_api_key": KEY,
            "cookie": "session=1",
            "proxy_authorization": f"Basic {KEY}",
        }
        answer = await scenery.gateway.ask("POST", client.path, client.body(f"to-{talk.protocol}"), **headers)
        assert answer.status == 200
        [seen] = scenery.upstream.seen
        assert KEY.encode() not in seen.head + seen.body
        assert "cookie" not in seen.headers
        carried = {name for name, value in seen.headers.items() if SECRET in value}
        assert carried == {"authorization" if talk is CHAT else "x-api-key"}
        assert SECRET not in str(answer)


async def test_what_is_known_of_a_model_is_heeded_where_the_client_asked_for_another(play: Play) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(CHAT.whole)

    async with play(script) as scenery:
        answer = await scenery.gateway.ask("POST", CHAT.path, CHAT.body("renamed", temperature=0.3))
        [seen] = scenery.upstream.seen
        assert "temperature" not in json.loads(seen.body)
        assert "sampling.temperature:warn" in answer.headers["x-torouter-warnings"]


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("renamed", b'{ "model" : "renamed",  "messages":[{"role":"user","content":"hi"}], "x" : 1.50E+2 }'),
        ("gpt-5", b'{ "model" : "gpt-5",  "messages":[{"role":"user","content":"hi"}], "temperature" : 1.50E-1 }'),
    ],
    ids=["nothing to heed", "the model itself"],
)
async def test_who_asks_for_what_the_model_takes_or_for_the_model_itself_is_passed_through(
    model: str, body: bytes, play: Play
) -> None:
    async def script(scene: Scene) -> None:
        await scene.answer(CHAT.whole)

    async with play(script) as scenery:
        assert (await scenery.gateway.ask("POST", CHAT.path, body)).status == 200
        assert scenery.upstream.seen[0].body == body.replace(model.encode(), b"gpt-5")
