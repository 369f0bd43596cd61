"""HTTP/2 where a service speaks it, HTTP/1.1 where not: for services that let few connections carry many requests."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

import h11
import httpcore
import httpx

from .client import UpstreamRequest
from .errors import UpstreamError, timed_out, unanswered, unheard, unreachable, unsendable, untrusted
from .foreign import Foreign, ForeignClient, Patience, prepared
from .names import Names
from .pool import KEPT


class Http2Client(ForeignClient):
    """Sends requests over httpcore; none is sent twice. Needs the module h2, which is not always installed."""

    def __init__(self, *, connections: int = 2000, context: ssl.SSLContext | None = None) -> None:
        self._connections = connections
        self._context = context or ssl.create_default_context()
        self._pools: dict[bool, httpcore.AsyncConnectionPool] = {}

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def _exchange(self, request: UpstreamRequest, patience: Patience) -> Foreign:
        made = prepared(request, patience)
        assert isinstance(made.stream, httpx.AsyncByteStream)
        to = made.url
        url = httpcore.URL(scheme=to.raw_scheme, host=to.raw_host, port=to.port, target=to.raw_path)
        sent = httpcore.Request(
            request.method, url, headers=made.headers.raw, content=made.stream, extensions=made.extensions
        )
        answer = await self._pool(request.allow_private).handle_async_request(sent)
        return Foreign(answer.status, answer.headers, aiter(answer.aiter_stream()), answer.aclose)

    def _pool(self, private: bool) -> httpcore.AsyncConnectionPool:
        """A pool, made on first use because it belongs to the running loop."""
        if private not in self._pools:
            self._pools[private] = httpcore.AsyncConnectionPool(
                ssl_context=self._context,
                max_connections=self._connections,
                keepalive_expiry=KEPT,
                http2=True,
                network_backend=_Network(private=private),
            )
        return self._pools[private]

    def _named(self, fault: Exception) -> UpstreamError:
        cause = fault.__cause__ or fault.__context__  # the pool raises anew what its connections raise
        if isinstance(fault, httpcore.TimeoutException):
            return timed_out("could not be reached in time", "connect")
        if isinstance(fault, httpcore.ConnectError):
            if isinstance(cause, ssl.SSLError):
                return untrusted()
            return unreachable("dns" if isinstance(fault, _Nameless) else "connect")
        if isinstance(fault, httpcore.RemoteProtocolError) and isinstance(cause, h11.RemoteProtocolError):
            return unheard()
        if isinstance(fault, httpcore.NetworkError | httpcore.RemoteProtocolError):
            return unanswered()
        return unsendable()


class _Nameless(httpcore.ConnectError):
    """A name leads nowhere, or nowhere that may be called."""


class _Network(httpcore.AsyncNetworkBackend):
    """Connects to addresses that may be called, one after the other, and to no others."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._names = Names()
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as the library asks
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect. Raises ConnectError and ConnectTimeout of the library."""
        try:
            async with asyncio.timeout(timeout):
                places = await self._names.places(host, port, private=self._private)
        except TimeoutError as fault:
            raise httpcore.ConnectTimeout from fault
        except OSError as fault:
            raise _Nameless from fault
        *others, last = dict.fromkeys(place[4][0] for place in places)
        for address in others:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
