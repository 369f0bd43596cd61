"""What tests of transports share."""

from __future__ import annotations

import pytest
from torouter.upstream.aiohttp_client import AiohttpClient
from torouter.upstream.client import Client, Timers, Transport, UpstreamRequest, UpstreamResponse
from torouter.upstream.errors import UpstreamError
from torouter.upstream.http2_client import Http2Client

from tests.support.scripted import Upstream

Maker = type[Client | AiohttpClient | Http2Client]
MAKERS: dict[str, Maker] = {"http": Client, "aiohttp": AiohttpClient, "http2": Http2Client}
DEFAULT = Timers()


def to(upstream: Upstream, timers: Timers = DEFAULT, cap: int = 100_000, method: str = "POST") -> UpstreamRequest:
    headers = [("content-type", "application/json"), ("x-one", "1")]
    sent = b'{"a": 1}' if method == "POST" else b""
    return UpstreamRequest(method, upstream.url + "/p?q=1", headers, sent, timers, cap, allow_private=True)


async def body(response: UpstreamResponse) -> bytes:
    try:
        return b"".join([chunk async for chunk in response.aiter_raw()])
    finally:
        await response.aclose()


async def failure(client: Transport, request: UpstreamRequest) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await body(await client.send(request))
    return caught.value
