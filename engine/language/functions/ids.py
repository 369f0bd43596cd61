"""Identifiers made from what is there: the same input always gives the same name."""

from __future__ import annotations

import hashlib
from typing import Any

from .json import dumps
from .registry import Registry

REGISTRY = Registry("identifiers")
_LENGTH = 24


@REGISTRY.add(("derive('call_', 'a')", "call_0eb5b8d6f81bc677da8a0856"), ("derive(null)", None))
def derive(prefix: Any, *values: Any) -> str | None:
    """Make an identifier from a prefix and values; the same values give the same identifier."""
    if not isinstance(prefix, str):
        return None
    return prefix + hashlib.sha256(dumps(list(values)).encode()).hexdigest()[:_LENGTH]


@REGISTRY.add(("fingerprint('user@example.com', 16)", "b4c9a289323b21a0"), ("fingerprint('short', 64)", "short"))
def fingerprint(value: Any, longest: Any) -> str | None:
    """Give a text as it is when it fits a length, else a hash of it that does; addresses are always hashed."""
    if not isinstance(value, str) or not isinstance(longest, int):
        return None
    if len(value) <= longest and "@" not in value:
        return value
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:longest]
