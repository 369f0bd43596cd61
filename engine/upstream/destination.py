"""What an address says about the connection and the head of a request; worked out once for each address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from .address import check_literal
from .errors import UpstreamError, refused_address, unsendable

_SAFE = "/?:@!$&'()*+,;=-._~%"
_PORTS = {"http": 80, "https": 443}
_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class Origin(NamedTuple):
    """Whom a connection is to. With `private` it may be one inside our own network."""

    tls: bool
    host: str
    port: int
    private: bool


@dataclass(frozen=True, slots=True)
class Destination:
    """An address. `line` is the rest of a head's first line and its second; `public` is false for a machine inside.

    There are two origins: whom a connection is to that goes to public addresses only, or also inside.
    """

    outside: Origin
    inside: Origin
    line: str
    public: bool


@lru_cache(1024)  # the same few addresses again and again
def destination_of(url: str) -> Destination:
    """Take an address apart. Raises UpstreamError for one that cannot be called."""
    try:
        parts = urlsplit(url)
        tls, standard = parts.scheme == "https", _PORTS[parts.scheme]
        host = _ascii(parts.hostname or "")
        port = parts.port or standard
    except (KeyError, ValueError) as fault:
        raise refused_address() from fault
    if not host:
        raise refused_address()
    shown = f"[{host}]" if ":" in host else host
    named = shown if port == standard else f"{shown}:{port}"
    asked = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    outside, inside = (Origin(tls, host, port, private) for private in (False, True))
    return Destination(outside, inside, f" {asked} HTTP/1.1\r\nhost: {named}\r\n", _is_public(url))


def head(method: str, to: Destination, headers: Sequence[tuple[str, str]], length: int) -> bytes:
    """The head of a request with a body of so many bytes. Raises UpstreamError for text that cannot stand in one."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    ends = len(headers)
    if lines.count("\r") != ends or lines.count("\n") != ends or "\0" in lines:
        raise unsendable()
    size = f"content-length: {length}\r\n" if length or method not in _BODILESS else ""
    try:
        return f"{method}{to.line}{lines}accept-encoding: identity\r\n{size}\r\n".encode("ascii")
    except UnicodeEncodeError as fault:
        raise unsendable() from fault


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _is_public(url: str) -> bool:
    """Whether the host is a name, or an address of the public internet."""
    try:
        check_literal(url)
    except UpstreamError:
        return False
    return True
