"""The sections of route files as frozen values: durations in seconds, sizes in bytes, moments in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from .document import Where
from .merge import Entry
from .policy import Policy, Timers
from .price import Price
from .secrets import SecretReference


@dataclass(frozen=True, slots=True)
class Condition:
    """What a request must have; every member that is given must hold."""

    path_prefix: str | None = None
    header: str | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialPlace:
    """Where a client's credential may stand: a header, perhaps after a scheme, or a query parameter."""

    header: str | None = None
    scheme: str | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Surface:
    """A family of endpoints; with no conditions it fits no request unless it is the default."""

    id: str
    entry: Entry = field(repr=False, compare=False)
    protocol: str
    when: tuple[Condition, ...] = ()
    default: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A method and a pattern of paths, and where the two are written."""

    method: str
    path: str
    where: Where = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class State:
    """What is kept of an endpoint's answers; all but `prefix`, with which our own ids begin, are expressions."""

    keep: str
    previous: str
    prefix: str
    conversation: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an endpoint that takes no request answers."""

    status: int
    message: str
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What clients call, under one or more addresses.

    `model`, `stream`, `answer`, `seen`, `conversation` and `entry_id` are expressions as written; ids of conversations
    that are made here begin with `prefix`.
    """

    id: str
    entry: Entry = field(repr=False, compare=False)
    matches: tuple[Match, ...]
    protocol: str
    operation: Literal[
        "generate", "count", "models", "model", "embed", "image", "edit",
        "stored", "stored.delete", "stored.cancel", "stored.inputs",
        "conversation", "conversation.create", "conversation.update", "conversation.delete", "conversation.entries",
        "conversation.add", "conversation.entry", "conversation.entry.delete", "refuse",
    ]  # fmt: skip
    auth: str
    surface: str | None = None
    when: tuple[Condition, ...] = ()
    model: str | None = None
    stream: str | None = None
    forward: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    max_body: int | None = None
    example: str | None = None
    framing: str | None = None
    forms: bool = False
    forward_query: tuple[str, ...] = ()
    state: State | None = None
    answer: str | None = None
    seen: str | None = None
    conversation: str | None = None
    entry_id: str | None = None
    prefix: str | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class UpstreamAuth:
    """How a request to a provider is authorised: a header with `prefix` and the secret, or a query parameter."""

    secret: SecretReference
    header: str | None = None
    prefix: str = ""
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a provider takes requests of one protocol, and in which dialect; all other texts are templates.

    `count` is the path at which it counts the tokens of a request, `stored` that of an answer it keeps, if it does;
    `usage_on_request` tells whether it tells the usage of a stream only to those who ask.
    """

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    dialect: str | None = None
    framing: str | None = None
    count: str | None = None
    stored: str | None = None
    usage_on_request: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that is called, or a sandbox that plays a script."""

    id: str
    entry: Entry = field(repr=False, compare=False)
    kind: Literal["http", "sandbox"]
    transport: Literal["http", "aiohttp", "http2"]
    base_url: str | None
    auth: UpstreamAuth | None
    headers: Mapping[str, str]
    speaks: Mapping[str, Address]
    allow_private: bool
    timers: Timers
    script: str | None
    policy: str | None = None
    concurrent: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One way to serve a model; without a model the public name is sent, without a priority its place decides."""

    provider: str
    model: str | None = None
    protocol: str | None = None
    priority: int | None = None
    weight: int | None = None
    concurrent: int | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """Another model that may answer instead, after the outcomes `on`."""

    model: str
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Numbers of tokens."""

    max_output: int | None = None
    context: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A public name with its targets in order of preference; `created` is in seconds since 1970."""

    id: str
    entry: Entry = field(repr=False, compare=False)
    targets: tuple[Target, ...]
    aliases: tuple[str, ...] = ()
    display_name: str | None = None
    created: int | None = None
    owned_by: str | None = None
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    limits: ModelLimits = ModelLimits()
    sticky: str | None = None
    policy: str | None = None
    fallback: tuple[Fallback, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Which models through which providers; `*` in a model stands for any characters, as a provider for all."""

    id: str
    entry: Entry = field(repr=False, compare=False)
    models: tuple[str, ...]
    providers: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """A rule about a suffix of model names: what it sets in the canonical request."""

    id: str
    entry: Entry = field(repr=False, compare=False)
    suffix: str
    set: Mapping[str, Any]
    models: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Key:
    """A client's credential as the hexadecimal sha256 of its text."""

    id: str
    entry: Entry = field(repr=False, compare=False)
    group: str
    sha256: str
    expires: datetime | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Capability:
    """Dated facts about the models whose name fits `match`."""

    match: str
    as_of: str
    source: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the server; sizes in bytes, times in seconds."""

    workers: int = 2
    max_body: int = 32 * 1024**2
    max_header: int = 32 * 1024
    max_response: int = 64 * 1024**2
    max_event: int = 8 * 1024**2
    max_connections: int = 4096
    header_timeout: float = 10.0
    body_timeout: float = 60.0
    keep_alive: float = 75.0
    keep_alive_comment: float = 15.0
    drain: float = 30.0
    request_id_headers: tuple[str, ...] = ("x-request-id",)
    strict: bool = False
    strict_header: str | None = None
    state_count: int = 10_000
    state_size: int = 1024**3
    state_age: float = 30 * 86400.0
    state_depth: int = 1000
    metrics: str | SecretReference = "none"
    usage_age: float = 90 * 86400.0
    ask_for_usage: bool = True


@dataclass(frozen=True, slots=True)
class Routes:
    """All sections of all route files, by id and in the order in which they are tried."""

    mounts: tuple[str, ...] = ("",)
    auth: Mapping[str, tuple[CredentialPlace, ...]] = field(default_factory=dict)
    surfaces: Mapping[str, Surface] = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    variants: Mapping[str, Variant] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    capabilities: tuple[Capability, ...] = ()
    prices: tuple[Price, ...] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    settings: Settings = Settings()
