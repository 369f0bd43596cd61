"""The request that is explained: read from a file, and taken for one that has just arrived."""

from __future__ import annotations

import copy
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from ..compile.snapshot import Snapshot
from ..protocol import Call, RequestRejected

_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_MEMBERS = frozenset(("method", "path", "headers", "body"))


class Unclear(Exception):
    """The file does not say what is asked; the message says what it lacks."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a client would send it; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    async def read_body(self, limit: int, seconds: float) -> bytes:  # noqa: ARG002 - a file has no end to wait for
        """The whole body."""
        return self.body

    async def body_in_pieces(self, limit: int, seconds: float) -> AsyncIterator[bytes]:  # noqa: ARG002
        """The whole body, at once."""
        yield self.body


@dataclass(slots=True)
class Answered:
    """Takes the answer that the gateway gives by itself."""

    started: bool = False
    body: bytes = b""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: float = 0.0

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take a whole answer."""
        self.status, self.headers, self.body = status, headers, body

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Nothing is streamed where nothing is sent."""

    def push(self, data: bytes) -> bool:  # noqa: ARG002
        """Nothing is streamed where nothing is sent."""
        return False

    async def write(self, data: bytes) -> None:
        """Nothing is streamed where nothing is sent."""

    async def finish(self, data: bytes = b"") -> None:
        """Nothing is streamed where nothing is sent."""

    def abort(self) -> None:
        """Nothing is streamed where nothing is sent."""


def read_request(raw: bytes, path: str | None, headers: Mapping[str, str]) -> Asked:
    """Read a body, or an object of `method`, `path`, `headers` and `body`; `path` and `headers` win over it.

    The path of a bare body without `path` is empty. Raises Unclear for what is no JSON object.
    """
    try:
        document: Any = orjson.loads(raw)
    except orjson.JSONDecodeError as fault:
        raise Unclear(f"the file is not JSON: {fault.msg} at line {fault.lineno} column {fault.colno}") from fault
    if not isinstance(document, dict):
        raise Unclear("the file holds no JSON object")
    whole = "path" in document and set(document) <= _MEMBERS
    given = document.get("headers", {}) if whole else {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise Unclear('"headers" must be an object of texts')
    body = document.get("body") if whole else document
    method = str(document.get("method") or ("POST" if body is not None else "GET")) if whole else "POST"
    address = path or (str(document["path"]) if whole else "")
    names = {name.lower(): value.strip() for name, value in {**given, **headers}.items()}
    content = b"" if body is None else orjson.dumps(body) if whole else raw
    return Asked(method.upper(), address.partition("?")[0], address.partition("?")[2], names, content)


def guess(snapshot: Snapshot, body: bytes, model: str | None = None) -> str:
    """Give the address of a bare body: that of the protocol that reads it best.

    A model that belongs into the address is put there. Raises Unclear when no protocol or several read the body, or the
    model is missing.
    """
    unread = _readers(snapshot, orjson.loads(body))
    best = [name for name, count in unread.items() if count == min(unread.values())]
    first = _addresses(snapshot)
    if len(best) != 1:
        known = ", ".join(f"--path {first[name]}" for name in best or first)
        reason = "several protocols read this body" if best else "no protocol reads this body"
        raise Unclear(f"{reason}; choose one: {known}")
    path = first[best[0]]
    if "{" in path and model is None:
        raise Unclear(f"the address {path} holds the model: give --model, or the whole address with --path")
    return _PLACEHOLDER.sub(lambda _: quote(str(model), safe=""), path)


def _readers(snapshot: Snapshot, document: Any) -> dict[str, int]:
    """Give the protocols that can read a body, each with the number of members that it would leave unread."""
    found: dict[str, int] = {}
    for name in _addresses(snapshot):
        call = Call()
        with suppress(RequestRejected):
            request = snapshot.protocols[name].decode_request(copy.deepcopy(document), call)
            kept: Mapping[str, Mapping[str, object]] = request.get("native", {})
            found[name] = len(call.unread) + sum(map(len, kept.values()))
    return found


def _addresses(snapshot: Snapshot) -> dict[str, str]:
    """Give the first address of each protocol that takes requests."""
    found: dict[str, str] = {}
    for endpoint in snapshot.endpoints:
        if endpoint.operation == "generate":
            found.setdefault(endpoint.protocol.name, endpoint.pattern)
    return found
