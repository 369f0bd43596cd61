"""The transports that a provider may name; a library is imported when the first request wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from types import MappingProxyType

from .client import Client, Transport, UpstreamRequest, UpstreamResponse

HTTP = "http"
NEEDS: Mapping[str, str] = MappingProxyType({"http2": "h2"})
"""What a transport needs that is not always installed: the module."""


def _http(connections: int) -> Transport:
    return Client(connections=connections)


def _aiohttp(connections: int) -> Transport:
    from .aiohttp_client import AiohttpClient

    return AiohttpClient(connections=connections)


def _http2(connections: int) -> Transport:
    from .http2_client import Http2Client

    return Http2Client(connections=connections)


MAKERS: Mapping[str, Callable[[int], Transport]] = MappingProxyType({HTTP: _http, "aiohttp": _aiohttp, "http2": _http2})


def transports(connections: int) -> dict[str, Transport]:
    """Every transport by its name, each with so many connections at most."""
    return {name: Deferred(make, connections) for name, make in MAKERS.items()}


def is_installed(name: str) -> bool:
    """Whether everything is there that a transport needs."""
    return name not in NEEDS or find_spec(NEEDS[name]) is not None


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
