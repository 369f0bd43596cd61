"""Which target answers: the next one only while the client has seen nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from torouter.canonical.carriers import seal
from torouter.protocol import Call
from torouter.wire.framing import Framing

from tests.support.fake import SSE, FakeEndpoint, FakeProtocol, FakeProvider, FakeService, FakeSnapshot, FakeTarget
from tests.support.running import running
from tests.support.scripted import Scene, Script, Upstream


async def good(scene: Scene) -> None:
    await scene.answer(b'{"word":"good"}')


async def good_stream(scene: Scene) -> None:
    await scene.stream(b'data: {"word":"good"}\n\ndata: {"over":1}\n\n')


def answering(status: int) -> Script:
    async def script(scene: Scene) -> None:
        await scene.answer(b'{"fault":"first"}', status)

    return script


async def reset(scene: Scene) -> None:
    scene.reset()


async def early_error(scene: Scene) -> None:
    await scene.stream(b'data: {"hello":"1"}\n\ndata: {"fault":"busy"}\n\n')


async def late_error(scene: Scene) -> None:
    await scene.stream(b'data: {"word":"a"}\n\n', end=False)
    scene.reset()


def serving(*upstreams: Upstream) -> FakeSnapshot:
    targets = [FakeTarget(FakeProvider(it.url, id=it.url), priority=place) for place, it in enumerate(upstreams)]
    return FakeSnapshot({"m": targets})


@pytest.mark.parametrize("script", [answering(500), answering(429), answering(401), reset], ids=["500", "429", "401", "reset"])
async def test_a_failing_target_is_followed_by_the_next(script: Script) -> None:
    async with Upstream(script) as one, Upstream(good) as two, running(serving(one, two)) as gateway:
        assert (await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')).json == {"word": "good"}
        assert (len(one.seen), len(two.seen)) == (1, 1)


async def test_a_mistake_of_the_client_is_not_tried_elsewhere() -> None:
    async with Upstream(answering(400)) as one, Upstream(good) as two, running(serving(one, two)) as gateway:
        assert (await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')).status == 400
        assert two.seen == []


async def test_an_error_before_any_output_is_followed_by_the_next_target() -> None:
    async with Upstream(early_error) as one, Upstream(good_stream) as two, running(serving(one, two)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m","stream":true}')
        assert answer.body == b'data: {"word":"good"}\n\ndata: {"over":1}\n\n'


async def test_after_the_first_output_nothing_is_tried_again() -> None:
    async with Upstream(late_error) as one, Upstream(good_stream) as two, running(serving(one, two)) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m","stream":true}')
        assert b"fault" in answer.body
        assert two.seen == []


async def test_the_last_failure_is_the_answer_and_attempts_are_limited() -> None:
    async with Upstream(answering(500)) as one, Upstream(answering(503)) as two, Upstream(good) as four:
        snapshot = serving(one, two, two, four)
        async with running(snapshot) as gateway:
            answer = await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')
            assert (answer.status, four.seen) == (503, [])


async def test_a_model_whose_provider_has_no_secret_is_unavailable_not_unknown() -> None:
    async with running(FakeSnapshot({})) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"unconfigured"}')
        assert answer.status == 503
        assert "p is not configured" in answer.body.decode()


SIGNED = [
    {"role": "assistant", "parts": [{"kind": "reasoning", "signature": seal(family, "s")}]} for family in ("ann", "bob")
]


@dataclass(frozen=True)
class Signed(FakeProtocol):
    """A protocol whose requests carry as many signed answers as they say."""

    def decode_request(self, body: dict[str, Any], call: Call) -> dict[str, Any]:
        return {**super().decode_request(body, call), "turns": SIGNED[: body["signed"]]}


@dataclass(frozen=True)
class Speaking(FakeProvider):
    spoken: FakeProtocol = SSE

    @property
    def services(self) -> dict[str, FakeService]:
        return {self.spoken.name: FakeService(self.spoken)}


async def test_a_conversation_goes_first_to_the_family_that_signed_its_last_answer() -> None:
    ann, bob = (Signed(f"{name}-talk", "word", Framing("sse"), family=name) for name in ("ann", "bob"))
    async with Upstream(good) as one, Upstream(good) as two:
        targets = [FakeTarget(Speaking(one.url, spoken=ann)), FakeTarget(Speaking(two.url, spoken=bob))]
        endpoint = FakeEndpoint("ann", "POST", "/sse/talk", ann)
        async with running(FakeSnapshot({"m": targets}, endpoints=(endpoint,))) as gateway:
            seen = []
            for count in (0, 1, 2):
                body = orjson.dumps({"model": "m", "prompt": "?", "signed": count})
                assert (await gateway.ask("POST", "/sse/talk", body)).status == 200
                seen.append((len(one.seen), len(two.seen)))
        assert seen == [(1, 0), (2, 0), (2, 1)]


async def test_a_request_that_cannot_be_read_keeps_the_order_of_the_targets() -> None:
    ann, bob = (Signed(f"{name}-talk", "word", Framing("sse"), family=name) for name in ("ann", "bob"))
    async with Upstream(good) as one, Upstream(good) as two:
        targets = [FakeTarget(Speaking(one.url, spoken=ann)), FakeTarget(Speaking(two.url, spoken=bob))]
        endpoint = FakeEndpoint("ann", "POST", "/sse/talk", ann)
        async with running(FakeSnapshot({"m": targets}, endpoints=(endpoint,))) as gateway:
            assert (await gateway.ask("POST", "/sse/talk", b'{"model":"m"}')).status == 200
        assert (len(one.seen), len(two.seen)) == (1, 0)
