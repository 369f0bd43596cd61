"""Facts about a model choose among the protocols that its provider speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from torouter.protocol import Call, RequestRejected

from tests.support.fake import SSE, FakeEndpoint, FakeProtocol, FakeProvider, FakeSnapshot, FakeTarget
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

BOTH = ("sse-talk", "line-talk")


@dataclass(frozen=True)
class Known(FakeTarget):
    """A target of whose model something is known."""

    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def view(self) -> dict[str, object]:
        return {"model": self.model, **self.facts}


class Toolmaker(FakeProtocol):
    """Requests may offer tools."""

    def decode_request(self, body: dict[str, Any], call: Call) -> dict[str, Any]:
        if body.get("tools") == "broken":
            raise RequestRejected({"kind": "invalid_request", "message": "broken", "status": 400})
        return {**super().decode_request(body, call), "tools": body.get("tools")}


async def good(scene: Scene) -> None:
    await scene.answer(b'{"word":"as sse-talk","token":"as line-talk"}')


async def asked(
    facts: Mapping[str, object], body: bytes = b'{"model":"m","prompt":"hi"}', speaks: tuple[str, ...] = BOTH, fixed: str | None = None
) -> Any:
    """Ask as a client of sse-talk; the answer says which protocol the upstream was spoken to in."""
    client = Toolmaker("sse-talk", "word", SSE.framing)
    async with Upstream(good) as upstream:
        target = Known(FakeProvider(upstream.url, speaks=speaks), protocol=fixed, facts=facts)
        snapshot = FakeSnapshot({"m": [target]}, endpoints=(FakeEndpoint("sse", "POST", "/sse/talk", client),))
        async with running(snapshot) as gateway:
            return (await gateway.ask("POST", "/sse/talk", body)).json["word"]


@pytest.mark.parametrize(
    ("facts", "spoken"),
    [
        ({}, "as sse-talk"),
        ({"protocols": ["line-talk"]}, "as line-talk"),
        ({"protocols": ["line-talk", "sse-talk"]}, "as sse-talk"),
        ({"protocols": ["unheard-of"]}, "as sse-talk"),
        ({"protocols": 7, "tools_protocol": 7}, "as sse-talk"),
        ({"tools_protocol": "line-talk"}, "as sse-talk"),
    ],
    ids=["nothing", "another", "its own among them", "one that is not spoken", "nonsense", "only for tools"],
)
async def test_a_client_s_own_protocol_is_spoken_unless_the_model_is_served_in_others_only(facts: dict[str, object], spoken: str) -> None:
    assert await asked(facts) == spoken


async def test_requests_that_offer_tools_may_have_a_protocol_of_their_own() -> None:
    facts = {"tools_protocol": "line-talk", "protocols": list(BOTH)}
    assert await asked(facts, b'{"model":"m","prompt":"hi","tools":["saw"]}') == "as line-talk"
    assert await asked(facts, b'{"model":"m","prompt":"hi","tools":[]}') == "as sse-talk"


async def test_a_request_that_cannot_be_read_goes_the_way_of_its_client() -> None:
    assert await asked({"tools_protocol": "line-talk"}, b'{"model":"m","prompt":"hi","tools":"broken"}') == "as sse-talk"


async def test_what_the_provider_does_not_speak_asks_for_nothing() -> None:
    facts = {"tools_protocol": "line-talk", "protocols": ["line-talk"]}
    assert await asked(facts, b'{"model":"m","prompt":"hi","tools":["saw"]}', speaks=("sse-talk",)) == "as sse-talk"


async def test_a_target_that_names_its_protocol_is_spoken_to_in_that() -> None:
    assert await asked({"protocols": ["sse-talk"]}, fixed="line-talk") == "as line-talk"
