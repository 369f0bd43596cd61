"""Who may read the metrics, and what anybody else gets."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

from ..config.secrets import Secret
from ..observe.observer import Observer
from ..pipeline.exchange import Incoming

PATH = "/metrics"
LOOPBACK = "loopback"

_REFUSED = 401, {"content-type": "application/json", "www-authenticate": "Bearer"}, b'{"error":"a token is needed"}'


def page(
    observer: Observer, readers: str | Secret | None, incoming: Incoming, address: str
) -> tuple[int, Mapping[str, str], bytes] | None:
    """Status, headers and body for who may read the metrics, or could; None for whom there is no such page."""
    if isinstance(readers, Secret):
        if not _has_token(incoming, readers):
            return _REFUSED
    elif readers != LOOPBACK or not _is_loopback(address):
        return None
    return 200, *observer.page()


def _has_token(incoming: Incoming, token: Secret) -> bool:
    scheme, _, given = incoming.headers.get("authorization", "").partition(" ")
    said = given.strip().encode("utf-8", "surrogateescape")
    return scheme.lower() == "bearer" and hmac.compare_digest(said, token.reveal().encode())


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback
