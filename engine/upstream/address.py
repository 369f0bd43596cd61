"""Where a request may go: addresses are fixed by configuration, never by a client."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from .connection import Connector
from .errors import refused_address

_PATH_SAFE = "/:@!$&'()*+,;=-._~%"


def join(base_url: str, path: str, query: Mapping[str, str]) -> str:
    """The full URL of a call below `base_url`.

    Raises UpstreamError when the rendered path could leave the base, by dot segments, a query or control characters.
    """
    segments = path.split("/")
    if not path.startswith("/") or ".." in segments or "." in segments or any(c in path for c in "?#\\"):
        raise refused_address()
    if not path.isprintable() or "//" in path:
        raise refused_address()
    url = base_url.rstrip("/") + quote(path, safe=_PATH_SAFE)
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items() if value)
    return f"{url}?{text}" if text else url


def same_origin(base_url: str, url: str) -> bool:
    """Whether both name the same scheme, host and port."""
    one, other = urlsplit(base_url), urlsplit(url)
    return (one.scheme, one.netloc) == (other.scheme, other.netloc)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return is_public(str(ip.ipv4_mapped))
    return ip.is_global and not ip.is_multicast


def check_literal(url: str) -> None:
    """Refuse a URL whose host is written as an address that is not public; names are checked when they resolve."""
    host = urlsplit(url).hostname or ""
    try:
        public = is_public(host)
    except ValueError:
        return
    if not public:
        raise refused_address()


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


def connector(ssl: Any, *, private: bool, limit: int, keep: bool) -> aiohttp.TCPConnector:
    """A connection pool; without `private` it connects to public addresses only, without `keep` anew each time."""
    resolver = ThreadedResolver() if private else PublicResolver()
    if not keep:
        return Connector(limit=limit, ssl=ssl, resolver=resolver, force_close=True)
    return Connector(limit=limit, ssl=ssl, resolver=resolver, keepalive_timeout=20)
