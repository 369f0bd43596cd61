"""The sandbox in the place of an upstream, speaking a made-up protocol."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson
import pytest
from torouter.canonical.brackets import Brackets
from torouter.protocol import RequestRejected
from torouter.sandbox.transport import SandboxTransport
from torouter.upstream.client import UpstreamRequest
from torouter.wire.framing import Framing

from tests.sandbox.support import Pace, sandbox_of

TALK = """
    description: Says two words, slowly.
    answers: [quiet]
    steps:
      - after: 1s
        pieces: words
        emit: {type: part.delta, kind: text, text: Hello there.}
"""
FAIL = """
    description: Fails after a word.
    answers: [faulty]
    steps:
      - emit: {type: part.delta, kind: text, text: Well}
      - after: 1s
        emit: {type: error, error: {kind: overloaded, status: 529, message: Too much.}}
"""
CUT = TALK.replace("quiet", "cut").replace("answers", "complete: false\n    answers")
REFUSE = """
    description: Refuses.
    answers: [refused]
    error: {kind: rate_limit, status: 429, message: Not now.}
"""


@dataclass
class Lines:
    """Requests `{ask}`; answers `{said}`; a stream is one JSON line for each event, errors are `{fault}`."""

    framing: Framing = field(default_factory=lambda: Framing("ndjson"))

    def decode_request(self, body, call):
        if "ask" not in body:
            raise RequestRejected({"kind": "invalid_request", "status": 400, "message": "ask for something"})
        return {"model": body.get("model"), "turns": [{"role": "user", "parts": [{"kind": "text", "text": body["ask"]}]}]}

    def encode_response(self, response, call):
        return {"said": response["outputs"][0]["parts"][0]["text"], "by": response["model"], "for": call.request["model"]}

    def brackets(self, call):
        return Brackets(order="serial")

    def stream_encoder(self, call):
        return self

    def feed(self, events):
        return b"".join(self.framing.write(None, orjson.dumps({k: e[k] for k in ("type", "text") if k in e})) for e in events)

    def encode_error(self, error, call):
        return error["status"], {"X-Kind": error["kind"]}, {"fault": error["message"]}


def request(model, body, *, stream):
    context = {
        "protocol": "lines",
        "path": {},
        "query": {},
        "headers": {},
        "target": {"model": model},
        "request": {"stream": stream},
    }
    return UpstreamRequest("POST", "http://sandbox/", [], orjson.dumps(body), context=context)


@pytest.fixture
def transport():
    return SandboxTransport(sandbox_of(TALK, FAIL, CUT, REFUSE), {"lines": Lines()})


async def read(response):
    chunks = [chunk async for chunk in response.aiter_raw()]
    await response.aclose()
    return chunks


async def test_a_whole_answer_is_folded_and_names_the_model(transport):
    response = await transport.send(request("quiet", {"ask": "hi"}, stream=False))
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert orjson.loads(b"".join(await read(response))) == {"said": "Hello there.", "by": "quiet", "for": "quiet"}


async def test_a_stream_is_one_chunk_for_each_batch_with_output_and_well_formed(transport):
    response = await transport.send(request("quiet", {"ask": "hi"}, stream=True))
    assert response.headers["content-type"] == "application/x-ndjson"
    chunks = await read(response)
    types = [[orjson.loads(line)["type"] for line in chunk.splitlines()] for chunk in chunks]
    assert types == [
        ["start", "output.start", "part.start", "part.delta"],
        ["part.delta", "part.end", "finish", "usage", "end"],
    ]


async def test_a_refusal_is_an_answer_with_its_status_in_the_protocol(transport):
    for stream in (True, False):
        response = await transport.send(request("refused", {"ask": "hi"}, stream=stream))
        assert (response.status, response.headers["x-kind"]) == (429, "rate_limit")
        assert orjson.loads(b"".join(await read(response))) == {"fault": "Not now."}


async def test_a_request_that_cannot_be_read_is_refused(transport):
    response = await transport.send(request("quiet", {}, stream=True))
    assert response.status == 400


async def test_an_error_in_the_middle_ends_the_stream_and_fails_a_whole_answer(transport):
    streamed = b"".join(await read(await transport.send(request("faulty", {"ask": "hi"}, stream=True))))
    assert orjson.loads(streamed.splitlines()[-1]) == {"type": "error"}
    whole = await transport.send(request("faulty", {"ask": "hi"}, stream=False))
    assert whole.status == 529


async def test_a_script_that_breaks_off_leaves_the_stream_without_an_end_and_fails_a_whole_answer(transport):
    streamed = b"".join(await read(await transport.send(request("cut", {"ask": "hi"}, stream=True))))
    assert orjson.loads(streamed.splitlines()[-1])["type"] == "part.delta"
    whole = await transport.send(request("cut", {"ask": "hi"}, stream=False))
    assert whole.status == 502


async def test_whoever_hangs_up_stops_the_script():
    pace = Pace()
    transport = SandboxTransport(sandbox_of(TALK, pace=pace), {"lines": Lines()})
    response = await transport.send(request("quiet", {"ask": "hi"}, stream=True))
    chunks = response.aiter_raw()
    await anext(chunks)
    await response.aclose()
    assert [chunk async for chunk in chunks] == []
    assert pace.waits == [1.0]
