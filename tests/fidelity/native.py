"""The recording read directly by the client library of its own protocol: what every comparison is made against."""

from __future__ import annotations

import httpx2

from tests.fidelity.meaning import Meaning
from tests.fidelity.readers import READERS, Ask, Door
from tests.support.corpus import Exchange


async def read_natively(exchange: Exchange) -> Meaning:
    """Serve the recorded bytes to the library as they are."""

    def serve(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": exchange.content_type}, content=exchange.payload)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(serve)) as http:
        door = Door("http://recording.invalid", "sk-recording", http)
        return await READERS[exchange.protocol](door, Ask("recorded", exchange.streamed))
