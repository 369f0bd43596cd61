"""The request that is explained: read from a file, and taken for one that has just arrived."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from ..compile.snapshot import Endpoint, Snapshot
from ..protocol import Call, RequestRejected

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


@dataclass(slots=True)
class Answered:
    """Takes the answer that the gateway gives by itself."""

    started: bool = False
    body: bytes = b""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Take a whole answer."""
        self.status, self.headers, self.body = status, headers, body

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Nothing is streamed where nothing is sent."""

    async def write(self, data: bytes) -> None:
        """Nothing is streamed where nothing is sent."""

    async def finish(self) -> None:
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


def guess(snapshot: Snapshot, body: bytes) -> Endpoint:
    """Give the one endpoint whose protocol reads a bare body best; raises Unclear when none or several do."""
    document = orjson.loads(body)
    unread = {endpoint.id: count for endpoint, count in _readers(snapshot, document)}
    best = [endpoint for endpoint in snapshot.endpoints if unread.get(endpoint.id) == min(unread.values(), default=0)]
    if len(best) == 1:
        return best[0]
    known = [f"--path {endpoint.pattern}" for endpoint in best or _asked_in_bodies(snapshot)]
    reason = "several endpoints read this body" if best else "no endpoint reads this body"
    raise Unclear(f"{reason}; choose one: {', '.join(known)}")


def _readers(snapshot: Snapshot, document: Any) -> Iterator[tuple[Endpoint, int]]:
    """Give the endpoints that can read a body, each with the number of members that it would leave unread."""
    for endpoint in _asked_in_bodies(snapshot):
        call = Call()
        try:
            endpoint.protocol.decode_request(copy.deepcopy(document), call)
        except RequestRejected:
            continue
        yield endpoint, len(call.unread)


def _asked_in_bodies(snapshot: Snapshot) -> list[Endpoint]:
    """Give the endpoints that take requests at an address that is written out."""
    return [entry for entry in snapshot.endpoints if entry.operation == "generate" and "{" not in entry.pattern]
