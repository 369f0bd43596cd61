"""Where a request may go: addresses are fixed by configuration, never by a client."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

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
