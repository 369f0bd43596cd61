"""Doors without a server: the client library talks to the compiled protocols of this process, always translated."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import httpx2
from torouter.protocol import Call, UpstreamErrorBody, WireProtocol

from tests.fidelity.door import Door
from tests.fidelity.readers import READERS
from tests.fidelity.routes import public_name
from tests.support.corpus import Exchange
from tests.support.protocols import protocol, spoken


@asynccontextmanager
async def inprocess_doors(chosen: Sequence[Exchange], clients: Iterable[str] = READERS) -> AsyncIterator[dict[str, Door]]:
    """One door per client protocol."""
    known = {public_name(x): x for x in chosen}
    doors = {}
    for name in clients:
        client = protocol(name)

        def serve(request: httpx2.Request, client: WireProtocol = client) -> httpx2.Response:
            body = json.loads(request.content)
            return translate(client, known[body.get("model") or in_address(request.url.path)], body)

        http = httpx2.AsyncClient(transport=httpx2.MockTransport(serve))
        doors[name] = Door("http://inprocess.invalid", "sk-inprocess", http)
    try:
        yield doors
    finally:
        for door in doors.values():
            await door.http.aclose()


def in_address(path: str) -> str:
    """The model of a client that names it there, between the last `/` and the verb."""
    return path.rpartition("/")[2].partition(":")[0]


def translate(client: WireProtocol, exchange: Exchange, body: dict[str, object]) -> httpx2.Response:
    """The client's request to the recording's protocol, the recorded answer back."""
    upstream = spoken(exchange)
    call = Call(target={"model": exchange.id}, model=public_name(exchange))
    request = client.decode_request(body, call)
    request["model"], request["stream"] = exchange.id, exchange.streamed
    call.request = request
    upstream.encode_request(request, call)
    if exchange.streamed:
        written = stream(client, upstream, call, exchange)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=written)
    try:
        response = upstream.decode_response(exchange.response["body"], call)
    except UpstreamErrorBody as problem:
        status, headers, said = client.encode_error(problem.error, call)
        return httpx2.Response(status, headers=dict(headers), json=said)
    return httpx2.Response(200, json=client.encode_response(response, call))


def stream(client: WireProtocol, upstream: WireProtocol, call: Call, exchange: Exchange) -> bytes:
    """The recorded stream, cut at odd places, as the client's stream."""
    decoder, encoder = upstream.stream_decoder(call, client), client.stream_encoder(call)
    chance, payload, written, at = random.Random(exchange.id), exchange.payload, [], 0
    while at < len(payload):
        size = chance.randrange(1, 400)
        written.append(encoder.feed(decoder.feed(payload[at : at + size])))
        at += size
    written.append(encoder.feed(decoder.close()))
    return b"".join(written)
