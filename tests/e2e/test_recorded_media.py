"""Recorded embeddings and images: through the gateway byte for byte, through the canonical form without a change."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
import pytest
from torouter.canonical import schema
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics
from torouter.protocol import Call, RequestRejected, WireProtocol

from tests.e2e.other import scenery
from tests.support.corpus import Exchange, exchanges, require
from tests.support.scripted import Scene

pytestmark = [pytest.mark.corpus, pytest.mark.usefixtures("held")]

PROTOCOLS = {"openai.embeddings": "openai-embeddings", "openai.images": "openai-images", "gemini.embeddings": "gemini-embeddings"}

require()
RECORDED = [each for each in exchanges(*PROTOCOLS) if each.request is not None]
OK = [each for each in RECORDED if each.ok]
OF_OPENAI = [each for each in RECORDED if each.dialect != "gemini.embeddings"]

# These names are no models of the shipped catalog, or of nobody's: the gateway itself knows that they are not there.
KNOWN = {"text-embedding-3-small", "text-embedding-ada-002", "gpt-image-1.5"}


def name_of(exchange: Exchange) -> str:
    return exchange.id


@cache
def protocols() -> Mapping[str, WireProtocol]:
    """The shipped protocols, with what they borrow of each other."""
    found = Diagnostics()
    snapshot: Snapshot = compile_project(load_project(None, found), found)
    assert not found.failed
    return snapshot.protocols


def wire(exchange: Exchange) -> WireProtocol:
    return protocols()[PROTOCOLS[exchange.dialect]]


def body_of(exchange: Exchange) -> Any:
    assert exchange.request is not None
    return exchange.request["body"]


def floats(vector: Any) -> list[float]:
    """The numbers of a vector, as exactly as 32 bits say them."""
    if isinstance(vector, str):
        raw = base64.b64decode(vector)
        return list(struct.unpack(f"<{len(raw) // 4}f", raw))
    return list(struct.unpack(f"<{len(vector)}f", struct.pack(f"<{len(vector)}f", *vector)))


@pytest.mark.parametrize("exchange", RECORDED, ids=name_of)
def test_a_recorded_request_says_the_same_after_the_canonical_form(exchange: Exchange) -> None:
    call = Call()
    body = body_of(exchange)
    request = wire(exchange).decode_request(body, call)
    assert schema.check_request({"model": "m", **request}, wire(exchange).subject) == []
    model = body.get("model") or body.get("requests", [{}])[0].get("model", "").removeprefix("models/")
    again = wire(exchange).encode_request({**request, "model": model}, Call(target={"model": model}))
    assert [loss for loss in again.losses if loss.severity != "drop"] == []
    assert {name: value for name, value in again.body.items() if value} == {
        name: value for name, value in {**body, "model": model}.items() if value and (name != "model" or "model" in again.body)
    }


@pytest.mark.parametrize("exchange", OK, ids=name_of)
def test_a_recorded_answer_says_the_same_after_the_canonical_form(exchange: Exchange) -> None:
    protocol, body = wire(exchange), exchange.response["body"]
    call = Call()
    call.request = protocol.decode_request(body_of(exchange), call)
    assert protocol.passes(body, call)
    response = protocol.decode_response(body, call)
    assert schema.check_response(response, protocol.subject) == []
    again = protocol.encode_response(response, call)
    if protocol.name == "openai-embeddings":
        for one, other in zip(body["data"], again["data"], strict=True):
            assert (one["index"], floats(one["embedding"])) == (other["index"], floats(other["embedding"]))
            assert isinstance(other["embedding"], type(one["embedding"]))
        assert again["usage"] == body["usage"]
    else:
        body.get("usageMetadata", {}).pop("promptTokenDetails", None)      # declared: nobody has a place for it
        assert again == {name: value for name, value in body.items() if name in again}


@pytest.mark.parametrize("exchange", [each for each in OK if each.dialect == "openai.embeddings"], ids=name_of)
def test_a_recorded_request_reaches_a_provider_of_the_other_protocol_or_is_refused_by_name(exchange: Exchange) -> None:
    source, target, body = protocols()["openai-embeddings"], protocols()["gemini-embeddings"], body_of(exchange)
    call = Call(target={"model": "m"})
    request = source.decode_request(body, call)
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    if not all(isinstance(text, str) for text in texts):
        with pytest.raises(RequestRejected) as refused:
            target.encode_request(request, call)
        assert refused.value.error["param"] == "input"
        return
    sent = target.encode_request(request, call).body
    asked = sent.get("requests", [sent])
    assert [one["content"]["parts"][0]["text"] for one in asked] == texts
    assert {one.get("outputDimensionality") for one in asked} == {body.get("dimensions")}


@pytest.mark.parametrize("exchange", [each for each in OF_OPENAI if body_of(each).get("model") in KNOWN], ids=name_of)
async def test_a_recorded_exchange_passes_through_byte_for_byte(exchange: Exchange) -> None:
    path = "/v1/" + str(exchange.request and exchange.request["path"]).partition("/v1/")[2]

    async def script(scene: Scene) -> None:
        await scene.answer(exchange.payload, int(exchange.response["status"]))

    async with scenery(script) as scene:
        got = await scene.ask(path, body_of(exchange))
        assert (got.status, got.body) == (exchange.response["status"], exchange.payload)
        assert scene.seen.body == orjson.dumps(body_of(exchange))


@pytest.mark.parametrize("exchange", [each for each in RECORDED if not each.ok], ids=name_of)
def test_a_recorded_error_keeps_its_words(exchange: Exchange) -> None:
    error = wire(exchange).decode_error(int(exchange.response["status"]), {}, exchange.response["body"])
    assert schema.check_error(error) == []
    assert error["message"] == exchange.response["body"]["error"]["message"]
    for reader in ("openai-images", "gemini-embeddings"):
        _, _, body = (protocols()[reader]).encode_error(error, Call())
        assert error["message"] in json.dumps(body, ensure_ascii=False) or error["message"] in str(body)
