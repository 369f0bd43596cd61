"""The pipeline without a server and without a network: upstreams are lists of what they answer, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from torouter.pipeline.exchange import Exchange
from torouter.pipeline.stack import Gateway
from torouter.upstream.client import UpstreamRequest, UpstreamResponse
from torouter.upstream.errors import UpstreamError

from .fake import KEY, FakeSnapshot
from .moment import Moment


@dataclass
class Said:
    """An answer; `breaks` ends its body in a failure, `takes` is how many seconds pass before its head."""

    status: int = 200
    body: bytes | Sequence[bytes] = b'{"word":"good"}'
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks: UpstreamError | None = None
    takes: float = 0.0


Act = Said | UpstreamError

GOOD = Said()
STREAM = Said(body=(b'data: {"word":"good"}\n\n', b'data: {"over":1}\n\n'))


def failing(outcome: str) -> UpstreamError:
    return UpstreamError("bad_gateway", 502, f"It failed by {outcome}.", "upstream_failed", outcome)


def refusing(status: int, **headers: str) -> Said:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Said(status, orjson.dumps({"fault": f"no {status}"}), named)


@dataclass
class Upstreams:
    """Answers by the host that is called; the last act of a host is repeated. `calls` are the hosts in order."""

    moment: Moment
    acts: dict[str, list[Act]]
    calls: list[str] = field(default_factory=list)
    sent: list[UpstreamRequest] = field(default_factory=list)

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        host = request.url.split("/")[2]
        self.calls.append(host)
        self.sent.append(request)
        acts = self.acts[host]
        act = acts.pop(0) if len(acts) > 1 else acts[0]
        if isinstance(act, UpstreamError):
            raise act
        self.moment.now += act.takes
        stream = not isinstance(act.body, bytes)
        kind = {"content-type": "text/event-stream" if stream else "application/json"}
        return UpstreamResponse(act.status, {**kind, **act.headers}, _chunks(act), _nothing)

    async def aclose(self) -> None:
        """Nothing is open."""


async def _nothing() -> None:
    pass


async def _chunks(act: Said) -> AsyncIterator[bytes]:
    for chunk in [act.body] if isinstance(act.body, bytes) else act.body:
        yield chunk
    if act.breaks is not None:
        raise act.breaks


@dataclass
class Asked:
    """A request of the sse protocol."""

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    path: str = "/sse/talk"
    query: str = ""

    async def read_body(self, limit: int, seconds: float) -> bytes:
        return self.body


@dataclass
class Given:
    """What the client got."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    started: bool = False
    cut: bool = False
    patience: float = 0.0

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body, self.started = status, headers, body, True

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers, self.started = status, headers, True

    def push(self, data: bytes) -> bool:
        self.body += data
        return True

    async def write(self, data: bytes) -> None:
        self.body += data

    async def finish(self, data: bytes = b"") -> None:
        self.body += data

    def abort(self) -> None:
        self.cut = True


class Inside:
    """A gateway with upstreams that act as they are told, at a moment that moves when something sleeps."""

    def __init__(self, snapshot: FakeSnapshot, acts: Mapping[str, Act | list[Act]], moment: Moment | None = None) -> None:
        self.moment = moment or Moment()
        listed = {host: list(act) if isinstance(act, list) else [act] for host, act in acts.items()}
        self.upstreams = Upstreams(self.moment, listed)
        self.gateway = Gateway(snapshot, {"http": self.upstreams}, routing=self.moment.routing())  # type: ignore[arg-type]

    @property
    def calls(self) -> str:
        """The first letter of each host that was called since the last look."""
        said = "".join(host[0] for host in self.upstreams.calls)
        self.upstreams.calls.clear()
        return said

    async def ask(self, model: str = "m", *, headers: Mapping[str, str] | None = None, **body: Any) -> tuple[Given, Exchange]:
        raw = orjson.dumps({"model": model, "prompt": "?", **body})
        incoming = Asked(raw, {"authorization": f"Bearer {KEY}", **(headers or {})})
        given = Given()
        exchange = self.gateway.exchange(incoming, given, "req_1")  # type: ignore[arg-type]
        await self.gateway.handle(exchange)
        return given, exchange
