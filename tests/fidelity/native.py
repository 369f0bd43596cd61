"""The recording read directly by the client library of its own protocol: what every comparison is made against."""

from __future__ import annotations

import re

import httpx2

from tests.fidelity.door import Ask, Door
from tests.fidelity.meaning import Meaning
from tests.fidelity.readers import READERS
from tests.support.corpus import Exchange


async def read_natively(exchange: Exchange) -> Meaning:
    """Serve the recorded bytes to the library as they are; enums that were recorded as numbers in words."""
    payload = in_words(exchange.payload) if "int_enums" in exchange.features else exchange.payload

    def serve(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": exchange.content_type}, content=payload)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(serve)) as http:
        door = Door("http://recording.invalid", "sk-recording", http)
        return await READERS[exchange.protocol](door, Ask("recorded", exchange.streamed))


def in_words(payload: bytes) -> bytes:
    """Numbers where the library knows only words: the one reason that is recorded so; the others mean nothing here."""
    payload = payload.replace(b'"finishReason": 1', b'"finishReason": "STOP"')
    return re.sub(rb'"(modality|trafficType|category|probability)": \d+', rb'"\1": null', payload)
