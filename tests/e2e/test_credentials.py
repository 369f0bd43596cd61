"""Credentials: a client's ends at the gateway, a provider's goes to that provider, and no text shows either."""

from __future__ import annotations

import logging

import pytest

from tests.e2e.conftest import SECRET, Play
from tests.support.fake import KEY
from tests.support.scripted import Scene
from tests.support.talk import CHAT, MESSAGES

GENERATE = b'{"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}'
PLACES = {
    "bearer": (CHAT.path, CHAT.body("to-openai-chat"), {"key": KEY}),
    "header": (MESSAGES.path, MESSAGES.body("to-anthropic-messages"), {"key": None, "x_api_key": KEY}),
    "both": (MESSAGES.path, MESSAGES.body("to-openai-chat"), {"key": KEY, "x_api_key": KEY}),
    "header and query": (f"/v1beta/models/to-openai-chat:generateContent?key={KEY}", GENERATE, {"key": None, "x_goog_api_key": KEY}),
    "query, unread": (f"{CHAT.path}?key={KEY}&api_key={KEY}", CHAT.body("to-openai-chat"), {"key": KEY}),
    "other headers": (
        CHAT.path,
        CHAT.body("to-anthropic-messages"),
        {
            "key": KEY,
            "cookie": f"k={KEY}",
            "api_key": KEY,
            "x_forwarded_authorization": KEY,
            "referer": f"http://a/?k={KEY}",
        },
    ),
}


@pytest.mark.parametrize("upstream", [200, 400, 401, 500])
@pytest.mark.parametrize("place", PLACES)
async def test_each_credential_stays_where_it_belongs(
    place: str, upstream: int, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    path, body, headers = PLACES[place]

    async def script(scene: Scene) -> None:
        talk = CHAT if CHAT.path in scene.seen.line else MESSAGES
        await scene.answer(talk.whole if upstream == 200 else b'{"error": {"message": "no"}}', upstream)

    with caplog.at_level(logging.DEBUG):
        async with play(script) as scenery:
            answer = await scenery.gateway.ask("POST", path, body, **headers)
            [seen] = scenery.upstream.seen
    assert answer.status == (502 if upstream == 401 else upstream)
    assert KEY.encode() not in seen.head + seen.body
    assert [name for name, value in seen.headers.items() if SECRET in value] in (["authorization"], ["x-api-key"])
    assert SECRET not in seen.line
    for secret in (KEY, SECRET):
        assert secret not in caplog.text
        assert secret not in f"{answer.headers}{answer.body!r}"


@pytest.mark.parametrize("wrong", ["sk-wrong-and-long-enough", "sk wrong", "Bearer Bearer x", "\xe9clair"])
async def test_a_wrong_credential_is_shown_nowhere(wrong: str, play: Play, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with play(Scene.hold) as scenery:
            answer = await scenery.gateway.ask("POST", CHAT.path, CHAT.body("to-openai-chat"), key=wrong)
            assert not scenery.upstream.seen
    assert answer.status == 401
    assert wrong not in caplog.text + str(answer)
