"""HTTP/1.1 over the connections of aiohttp: for services that get along with it better than with ours."""

from __future__ import annotations

import socket
import ssl
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.resolver import ThreadedResolver
from httpx_aiohttp import AiohttpTransport

from .address import is_public
from .client import UpstreamRequest
from .errors import UpstreamError, timed_out, unanswered, unheard, unreachable, unsendable, untrusted
from .foreign import Foreign, ForeignClient, Patience, prepared
from .pool import KEPT

_reused: ContextVar[bool] = ContextVar("reused", default=False)  # whether the running call took a pooled connection


class AiohttpClient(ForeignClient):
    """Calls the library's transport directly: its client costs more than all of this.

    A pooled connection may be closed by the other side in the moment in which it is taken. A request that met such a
    close before a byte of an answer is sent once more, on a new connection.
    """

    def __init__(self, *, connections: int = 2000, context: ssl.SSLContext | None = None) -> None:
        self._connections = connections
        self._context = context or ssl.create_default_context()
        self._transports: dict[tuple[bool, bool], AiohttpTransport] = {}

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def _exchange(self, request: UpstreamRequest, patience: Patience) -> Foreign:
        """Send, a second time where the first met a stale connection; what cannot be sent twice gets a new one."""
        made, private = prepared(request, patience), request.allow_private
        if not isinstance(request.body, bytes):
            return await self._sent(made, private, pooled=False)
        _reused.set(False)
        try:
            return await self._sent(made, private, pooled=True)
        except (httpx.TransportError, aiohttp.ClientError, OSError) as fault:
            if not (_reused.get() and _closed_unanswered(fault)):
                raise
        return await self._sent(made, private, pooled=False)

    async def _sent(self, made: httpx.Request, private: bool, *, pooled: bool) -> Foreign:
        answer = await self._transport(private, pooled=pooled).handle_async_request(made)
        stream = answer.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        return Foreign(answer.status_code, answer.headers.raw, aiter(stream), answer.aclose)

    def _transport(self, private: bool, *, pooled: bool) -> AiohttpTransport:
        """The transport of a pool; made on first use because a pool belongs to the running loop."""
        if (private, pooled) not in self._transports:
            session = aiohttp.ClientSession(
                connector=_connector(self._context, private=private, limit=self._connections, keep=pooled),
                trace_configs=[_trace()] if pooled else [],
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
            transport = AiohttpTransport(verify=self._context, trust_env=False, client=session)
            self._transports[private, pooled] = transport
        return self._transports[private, pooled]

    def _named(self, fault: Exception) -> UpstreamError:
        cause = fault.__cause__ or fault
        if isinstance(cause, TimeoutError):
            return timed_out("could not be reached in time", "connect")
        if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
            return untrusted()
        if isinstance(cause, aiohttp.ClientConnectorError):
            return unreachable("dns" if isinstance(cause, aiohttp.ClientConnectorDNSError) else "connect")
        if isinstance(fault, aiohttp.ClientResponseError):  # a head came, and was none
            return unheard()
        if isinstance(fault, httpx.TransportError | aiohttp.ClientError | OSError):
            return unanswered()
        return unsendable()


def _closed_unanswered(fault: Exception) -> bool:
    """Whether the other side closed an open connection without a byte of an answer."""
    cause = fault.__cause__ or fault
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return isinstance(cause.message, str)  # else it holds the part of a head that came
    return isinstance(cause, ConnectionError | aiohttp.ClientOSError)


def _trace() -> aiohttp.TraceConfig:
    """Take note of calls that got a pooled connection."""

    async def reused(*_: object) -> None:
        _reused.set(True)

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(reused)
    return trace


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only, so that no name can point a request into our own network."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The public addresses of `host`; raises OSError when it has none."""
        found = [entry for entry in await self._inner.resolve(host, port, family) if is_public(entry["host"])]
        if not found:
            raise OSError(None, "no public address")
        return found

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


class _Handler(ResponseHandler):
    """One connection. The library closes it when a body breaks the rules of HTTP, and does not tell who reads it."""

    def connection_lost(self, exc: BaseException | None) -> None:
        """Break off a body that has not come to its end."""
        body = self._payload
        super().connection_lost(exc)
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError("the connection ended in the body"))


class _Connector(aiohttp.TCPConnector):
    """A pool of such connections."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(_Handler, loop=self._loop)  # type: ignore[assignment]


def _connector(context: ssl.SSLContext, *, private: bool, limit: int, keep: bool) -> aiohttp.TCPConnector:
    """A connection pool; without `private` it connects to public addresses only, without `keep` anew each time."""
    resolver = ThreadedResolver() if private else PublicResolver()
    if not keep:
        return _Connector(limit=limit, ssl=context, resolver=resolver, force_close=True)
    return _Connector(limit=limit, ssl=context, resolver=resolver, keepalive_timeout=KEPT)
