"""The transports that a provider may name; a library is imported when the first request wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .client import Client, Transport, UpstreamRequest, UpstreamResponse


def _http(connections: int) -> Transport:
    return Client(connections=connections)


def _aiohttp(connections: int) -> Transport:
    from .aiohttp_client import AiohttpClient

    return AiohttpClient(connections=connections)


def _http2(connections: int) -> Transport:
    from .http2_client import Http2Client

    return Http2Client(connections=connections)


STANDARD = "http"
MAKERS: Mapping[str, Callable[[int], Transport]] = MappingProxyType(
    {STANDARD: _http, "aiohttp": _aiohttp, "http2": _http2}
)


def transports(connections: int) -> dict[str, Transport]:
    """Every transport by its name, each with so many connections at most."""
    others: dict[str, Transport] = {
        name: Deferred(make, connections) for name, make in MAKERS.items() if name != STANDARD
    }
    return {STANDARD: _http(connections), **others}


class Deferred:
    """A transport that is made for its first request."""

    def __init__(self, make: Callable[[int], Transport], connections: int) -> None:
        self._make = make
        self._connections = connections
        self._made: Transport | None = None

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send over the transport. Raises UpstreamError."""
        if self._made is None:
            self._made = self._make(self._connections)
        return await self._made.send(request)

    async def aclose(self) -> None:
        """Close it if it was made."""
        if self._made is not None:
            await self._made.aclose()
