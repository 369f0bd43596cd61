"""Which headers cross the gateway: none but those that an endpoint names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

_OURS = frozenset((
    "connection", "content-encoding", "content-length", "content-type", "date", "keep-alive", "server", "set-cookie",
    "te", "trailer", "transfer-encoding", "upgrade",
))  # fmt: skip
_NONE: frozenset[str] = frozenset()


def forwarded(headers: Mapping[str, str], names: Sequence[str]) -> list[tuple[str, str]]:
    """The named headers that are present, byte for byte; those that cannot be sent on are left out."""
    left = _of_connection(headers)
    return [(name, headers[name]) for name in names if name in headers and name not in left and headers[name].isascii()]


def returned(headers: Mapping[str, str], patterns: Sequence[str]) -> dict[str, str]:
    """The upstream's headers that pass back; those that describe the connection or the body never do."""
    wanted, left = tuple(patterns), _of_connection(headers)
    return {
        name: value
        for name, value in headers.items()
        if _passes(name, wanted) and name not in left and value.isascii()
    }


@lru_cache(4096)  # the same few names come with every answer
def _passes(name: str, patterns: tuple[str, ...]) -> bool:
    return name not in _OURS and any(fnmatchcase(name, pattern) for pattern in patterns)


def _of_connection(headers: Mapping[str, str]) -> frozenset[str]:
    """The headers that are only for this connection, as it says itself."""
    if "connection" not in headers:
        return _NONE
    return frozenset(name.strip().lower() for name in headers["connection"].split(","))
