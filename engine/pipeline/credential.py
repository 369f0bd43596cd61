"""Who calls: the client's credential, judged on headers and query before any byte of the body is read."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence

from ..compile.endpoint import Endpoint
from ..compile.snapshot import Key
from ..config.model import CredentialPlace
from .errors import Problem
from .exchange import Exchange
from .keys import KeyRing

_MAX_LENGTH = 512


async def authenticate(exchange: Exchange, ring: KeyRing) -> None:
    """Fill in the key: one of the snapshot, or one of the ring.

    Raises Problem when there is no credential, when two differ, and when the one given is unknown or not valid now.
    """
    endpoint = exchange.endpoint
    assert endpoint is not None
    exchange.credentials = found = credentials_of(exchange, endpoint)
    if not found:
        raise Problem("authentication", "No API key was given.")
    if len(found) > 1:
        message = "Two different API keys were given; send one, or the same one twice."
        raise Problem("invalid_request", message, code="conflicting_credentials")
    key = await lookup(next(iter(found)), exchange.snapshot.keys, ring)
    if key is None or key.disabled or (key.expires is not None and key.expires <= time.time()):
        raise Problem("authentication", "The API key is not valid.")
    exchange.key = key


def digest(credential: str) -> str:
    """What is kept of a credential: its SHA-256 in lower-case hex."""
    return hashlib.sha256(credential.encode("utf-8", "surrogateescape")).hexdigest()


async def lookup(credential: str, keys: Mapping[str, Key], ring: KeyRing) -> Key | None:
    """The key of a credential; its form is checked before anything is looked up.

    Tables are keyed by digest, so how long a lookup takes says nothing about any credential.
    """
    if len(credential) > _MAX_LENGTH or not credential.isascii() or not credential.isprintable():
        return None
    hashed = digest(credential)
    return keys.get(hashed) or await ring.find(hashed)


def credentials_of(exchange: Exchange, endpoint: Endpoint) -> set[str]:
    """All credentials that an endpoint is given; the same one may stand at several places."""
    found: set[str] = set()
    for place in endpoint.auth:
        if place.query is None or exchange.pairs:
            found.update(credentials_at(exchange, place))
    return found


def credentials_at(exchange: Exchange, place: CredentialPlace) -> Sequence[str]:
    """The credentials that stand at one place; empty ones do not count."""
    if place.query is not None:
        return [value for name, value in exchange.pairs if name == place.query and value]
    value = exchange.incoming.headers.get(place.header or "")
    if not value:
        return ()
    if place.scheme is not None:
        scheme, _, value = value.partition(" ")
        value = value.strip(" ") if scheme.lower() == place.scheme.lower() else ""
    return (value,) if value else ()
