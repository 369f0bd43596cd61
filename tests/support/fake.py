"""A compiled configuration made by hand: two tiny protocols, so that the pipeline is tested without any YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from torouter.compile.course import Course
from torouter.compile.policy import Policy
from torouter.pipeline.credential import digest
from torouter.protocol import Call, RequestRejected, UpstreamErrorBody
from torouter.wire.framing import Framing

from . import canary

Json = dict[str, Any]


@dataclass(frozen=True)
class FakeLoss:
    path: str
    severity: str

    @property
    def general(self) -> str:
        return self.path


@dataclass(frozen=True)
class FakeEncoded:
    body: Json
    losses: tuple[FakeLoss, ...] = ()


class FakeDecoder:
    """Frames `{word}` are text, `{over}` is the end, `{fault}` an error; what lacks an end is broken."""

    def __init__(self, protocol: FakeProtocol, cap: int, call: Call) -> None:
        self.call = call
        self.reader = protocol.framing.whole_reader(cap)
        self.whole = b""
        self.protocol = protocol
        self.words: list[str] = []
        self.over = False
        self.broken = False
        self.taken = 0
        self.heard = 0

    def feed(self, chunk: bytes) -> list[Json]:
        events: list[Json] = []
        self.whole = self.reader.take(chunk)
        for frame in self.reader.cut(self.whole):
            data = orjson.loads(frame.data)
            self.call.count(data.get("usage"))
            if "hello" in data:
                events.append({"type": "start", "id": data["hello"]})
            if (word := data.get(self.protocol.word)) is not None:
                self.words.append(word)
                events.append({"type": "part.delta", "output": 0, "index": 0, "kind": "text", "text": word})
            if "over" in data:
                self.over = True
            if "fault" in data:
                self.over = True
                events.append({"type": "error", "error": {"kind": "overloaded", "message": data["fault"], "status": 503}})
        return events

    @property
    def tail(self) -> bytes:
        return self.reader.tail

    def close(self, error: Json | None = None) -> list[Json]:
        if self.over and error is None:
            return [{"type": "end", "response": {"text": "".join(self.words)}}]
        return [{"type": "error", "error": error or {"kind": "bad_gateway", "message": "cut", "status": 502}}]


class FakeEncoder:
    def __init__(self, protocol: FakeProtocol) -> None:
        self.protocol = protocol

    def feed(self, events: Sequence[Json]) -> bytes:
        out = b""
        for event in events:
            if event["type"] == "start":
                out += self.frame({"hello": event["id"]})
            if event["type"] == "part.delta":
                out += self.frame({self.protocol.word: event["text"]})
            elif event["type"] == "end":
                out += self.frame({"over": 1})
            elif event["type"] == "error":
                out += self.frame({"fault": event["error"]["message"]})
        return out

    def frame(self, data: Json) -> bytes:
        return self.protocol.framing.write(None, orjson.dumps(data))


@dataclass(frozen=True)
class FakeProtocol:
    """Requests `{model, stream?, prompt}`, answers `{<word>}`, errors `{fault, kind, of}`."""

    name: str
    word: str
    framing: Framing
    family: str = "fake"
    subject: str = "generation"

    def decode_request(self, body: Json, call: Call) -> Json:
        if "prompt" not in body:
            raise RequestRejected({"kind": "invalid_request", "message": "prompt is missing", "status": 400})
        return {"model": body["model"], "text": body["prompt"], "odd": body.get("odd")}

    def takes(self, body: Json, target: Mapping[str, object]) -> bool:
        return True

    def encode_request(self, request: Json, call: Call) -> FakeEncoded:
        losses = (FakeLoss("odd", str(request["odd"])),) if request["odd"] else ()
        return FakeEncoded({"model": request["model"], "stream": request["stream"], "prompt": request["text"]}, losses)

    def passes(self, body: Json, call: Call) -> bool:
        return True

    def count_answer(self, body: Json, call: Call) -> None:
        call.count(body.get("usage"))

    def check_answer(self, body: Json) -> None:
        if "fault" in body:
            raise UpstreamErrorBody({"kind": "overloaded", "message": body["fault"], "status": 503})

    def decode_response(self, body: Json, call: Call) -> Json:
        self.check_answer(body)
        call.count(body.get("usage"))
        return {"text": body[self.word]}

    def encode_response(self, response: Json, call: Call) -> Json:
        return {self.word: response["text"]}

    def stream_decoder(self, call: Call, client: Any, cap: int, *, runs: bool = False) -> FakeDecoder:
        return FakeDecoder(self, cap, call)

    def stream_watch(self, call: Call, cap: int) -> FakeDecoder:
        return FakeDecoder(self, cap, call)

    def stream_encoder(self, call: Call, told: int = 0) -> FakeEncoder:
        return FakeEncoder(self)

    def encode_whole_stream(self, response: Json, call: Call) -> bytes:
        delta = {"type": "part.delta", "text": response["text"]}
        return FakeEncoder(self).feed([delta, {"type": "end", "response": response}])

    def decode_error(self, status: int, headers: Mapping[str, str], body: object) -> Json:
        message = body.get("fault", "?") if isinstance(body, dict) else str(body)
        kind = {429: "rate_limit", 400: "invalid_request"}.get(status, "server")
        if message == "bad key":
            kind = "upstream_auth"
        return {"kind": kind, "message": message, "status": status}

    def encode_error(self, error: Json, call: Call) -> tuple[int, dict[str, str], Json]:
        body = {"fault": error["message"], "kind": error["kind"], "of": self.name, "code": error.get("code")}
        return error["status"], {"X-Fault": error["request_id"]}, body

    def encode_models(self, models: Sequence[Json], call: Call) -> Json:
        return {"all": [model["id"] for model in models]}

    def encode_model(self, model: Json, call: Call) -> Json:
        return {"one": model["id"]}


SSE = FakeProtocol("sse-talk", "word", Framing("sse"))
LINES = FakeProtocol("line-talk", "token", Framing("ndjson"))


@dataclass(frozen=True)
class Place:
    header: str | None = None
    scheme: str | None = None
    query: str | None = None


PLACES = (Place(header="authorization", scheme="Bearer"), Place(header="x-key"), Place(query="key"))


@dataclass(frozen=True)
class FakeEndpoint:
    id: str
    method: str
    pattern: str
    protocol: FakeProtocol
    operation: str = "generate"
    when: Any = None
    model: Any = staticmethod(lambda roots: roots["body"].get("model"))
    model_member: str | None = "model"
    stream: Any = staticmethod(lambda roots: roots["body"].get("stream"))
    auth: tuple[Place, ...] = PLACES
    forward: tuple[str, ...] = ("x-version",)
    returned: tuple[str, ...] = ("x-left-*",)
    max_body: int | None = None
    example: str | None = None
    forward_query: tuple[str, ...] = ()
    state: Any = None
    answer: Any = None
    forms: bool = False
    refusal: Any = None


@dataclass(frozen=True)
class FakeSurface:
    prefix: str
    protocol: FakeProtocol
    when: Any = None


@dataclass(frozen=True)
class FakeKey:
    id: str = "k1"
    group: str = "default"
    expires: float | None = None
    disabled: bool = False


@dataclass(frozen=True)
class FakeGroup:
    strict: bool = False


POLICY = Policy(connect=2, first_byte=20, idle=20, total=60, attempts=3)


@dataclass(frozen=True)
class FakeService:
    protocol: FakeProtocol
    path: Any = staticmethod(lambda roots: "/v1/talk")
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=lambda: {"X-Version": lambda roots: "default"})
    count: Any = None
    stored: Any = None
    asks: Any = None


@dataclass(frozen=True)
class FakeProvider:
    base_url: str
    speaks: tuple[str, ...] = ("sse-talk",)
    id: str = "p1"
    transport: str = "http"
    allow_private: bool = True
    auth_headers: Mapping[str, Any] = field(default_factory=lambda: {"authorization": lambda: "Bearer upstream-secret"})
    auth_query: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy = POLICY
    problem: str | None = None
    concurrent: int | None = None

    @property
    def services(self) -> dict[str, FakeService]:
        return {name: FakeService({"sse-talk": SSE, "line-talk": LINES}[name]) for name in self.speaks}


@dataclass(frozen=True)
class FakeTarget:
    provider: FakeProvider
    model: str = "m1"
    protocol: str | None = None
    patch: Mapping[str, object] = field(default_factory=dict)
    priority: int = 1
    weight: int = 1
    concurrent: int | None = None
    course: Course = Course()
    prices: tuple[Any, ...] = ()

    @property
    def policy(self) -> Policy:
        return self.provider.policy

    @property
    def view(self) -> dict[str, object]:
        return {"model": self.model}

    @property
    def bare(self) -> dict[str, object]:
        return self.view


@dataclass(frozen=True)
class FakeSettings:
    max_body: int = 200_000
    max_header: int = 32_768
    max_connections: int = 100
    max_response: int = 10_000_000
    max_event: int = 1_000_000
    strict: bool = False
    strict_header: str | None = None
    body_timeout: float = 20
    header_timeout: float = 20
    keep_alive: float = 75
    idle_comment: float = 15
    drain: float = 5
    request_id_headers: tuple[str, ...] = ("x-request-id", "talk-id")
    metrics: Any = "none"
    usage_age: float = 86_400


KEY = canary.CLIENT


@dataclass
class FakeSnapshot:
    targets: Mapping[str, Sequence[FakeTarget]]
    mounts: tuple[str, ...] = ("", "/api")
    endpoints: tuple[FakeEndpoint, ...] = (
        FakeEndpoint("sse", "POST", "/sse/talk", SSE),
        FakeEndpoint("lines", "POST", "/lines/talk", LINES),
        FakeEndpoint("list", "GET", "/sse/models", SSE, operation="models"),
        FakeEndpoint("one", "GET", "/sse/models/{model:path}", SSE, "model", model=lambda roots: roots["path"]["model"]),
        FakeEndpoint(
            "deep", "POST", "/lines/models/{model}:talk", LINES,
            model=lambda roots: roots["path"]["model"], model_member=None, stream=False,
        ),
    )  # fmt: skip
    surfaces: tuple[FakeSurface, ...] = (FakeSurface("/sse", SSE), FakeSurface("", LINES))
    keys: Mapping[str, FakeKey] = field(default_factory=lambda: {digest(KEY): FakeKey()})
    protocols: Mapping[str, FakeProtocol] = field(default_factory=lambda: {"sse-talk": SSE, "line-talk": LINES})
    settings: FakeSettings = FakeSettings()
    groups: Mapping[str, FakeGroup] = field(default_factory=dict)

    def why_unusable(self, model: str, group: str) -> str | None:
        return "p is not configured" if model == "unconfigured" else None

    def resolve(self, model: str, group: str) -> Sequence[FakeTarget]:
        return self.targets.get(model, ())

    def models_of(self, group: str) -> list[Json]:
        return [{"id": name} for name in self.targets]

    def model_of(self, name: str, group: str) -> Json | None:
        return {"id": name} if name in self.targets else None
