"""What the pipeline reads of a compiled configuration and of a compiled protocol: shapes only.

`compile.py` builds objects that have these members (no inheritance needed). Everything here is immutable and shared
by all requests of a worker; nothing is interpreted per request, templates and expressions arrive as callables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from ..protocol.errors import RequestRejected, UpstreamErrorBody
from ..protocol.wire_protocol import Call
from ..wire.framing import Framing

__all__ = ["Call", "RequestRejected", "UpstreamErrorBody"]

Json = dict[str, Any]
Context = Mapping[str, object]
Expression = Callable[[Context], Any]
"""A compiled expression; roots: `body`, `path`, `query`, `headers`."""
Condition = Callable[[str, Mapping[str, str], Mapping[str, str]], bool]
"""Whether a request fits: from its decoded path without the mount, its headers and its query."""
Template = Callable[[Context], str]
"""A compiled text; roots: `target`, `request`, `path`, `query`, `headers`, `operation`."""


class Loss(Protocol):
    """Something of the request that the target protocol cannot carry."""

    @property
    def path(self) -> str: ...
    @property
    def severity(self) -> str: ...  # drop | warn | reject


class Encoded(Protocol):
    @property
    def body(self) -> Json: ...
    @property
    def losses(self) -> Sequence[Loss]: ...


class StreamDecoder(Protocol):
    def feed(self, chunk: bytes) -> list[Json]: ...
    def close(self, error: Json | None = None) -> list[Json]:
        """End the stream; with `error` the source broke for that reason. The last event is `end` or `error`."""


class StreamEncoder(Protocol):
    def feed(self, events: Sequence[Json]) -> bytes: ...


class WireProtocol(Protocol):
    """One folder of transforms, compiled."""

    @property
    def name(self) -> str: ...
    @property
    def framing(self) -> Framing: ...
    def decode_request(self, body: Json, call: Call) -> Json: ...
    def encode_request(self, request: Json, call: Call) -> Encoded: ...
    def decode_response(self, body: Json, call: Call) -> Json: ...
    def encode_response(self, response: Json, call: Call) -> Json: ...
    def stream_decoder(self, call: Call, client: Any) -> StreamDecoder:
        """A decoder whose events the encoder of the protocol `client` can write; on passthrough that is this one."""

    def stream_encoder(self, call: Call) -> StreamEncoder: ...
    def encode_whole_stream(self, response: Json, call: Call) -> bytes:
        """A whole canonical response as all frames of a stream: unfold, brackets, encode."""

    def decode_error(self, status: int, headers: Mapping[str, str], body: object) -> Json: ...
    def encode_error(self, error: Json, call: Call) -> tuple[int, Mapping[str, str], Json]: ...
    def encode_models(self, models: Sequence[Json], call: Call) -> Json: ...
    def encode_model(self, model: Json, call: Call) -> Json: ...


class CredentialPlace(Protocol):
    """A place where a client's credential may stand: a header (with or without a scheme) or a query member."""

    @property
    def header(self) -> str | None: ...  # lower case
    @property
    def scheme(self) -> str | None: ...
    @property
    def query(self) -> str | None: ...


class Endpoint(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def method(self) -> str: ...  # upper case
    @property
    def pattern(self) -> str: ...  # "/v1/things/{name}", "{name:path}" may hold slashes; without the mount
    @property
    def when(self) -> Condition | None: ...  # decides between endpoints of one pattern
    @property
    def protocol(self) -> WireProtocol: ...
    @property
    def operation(self) -> str: ...  # generate | models | model
    @property
    def model(self) -> Expression | None: ...
    @property
    def model_member(self) -> str | None: ...  # the body's top-level member that `model` reads, if it reads just that
    @property
    def stream(self) -> Expression | bool: ...
    @property
    def auth(self) -> Sequence[CredentialPlace]: ...
    @property
    def forward(self) -> Sequence[str]: ...  # request headers, lower case, passed on byte for byte on passthrough
    @property
    def max_body(self) -> int | None: ...  # bytes; None: the setting
    @property
    def example(self) -> str | None: ...  # a command line for people, with $TOROUTER_URL and $TOROUTER_KEY


class Surface(Protocol):
    """Which protocol answers where no endpoint does; the first that fits, and a default comes last."""

    @property
    def when(self) -> Condition | None: ...
    @property
    def protocol(self) -> WireProtocol: ...


class Key(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def expires(self) -> datetime | None: ...  # with its time zone
    @property
    def disabled(self) -> bool: ...


class Policy(Protocol):
    """Seconds; `attempts` counts targets tried."""

    @property
    def connect(self) -> float: ...
    @property
    def first_byte(self) -> float: ...
    @property
    def idle(self) -> float: ...
    @property
    def total(self) -> float: ...
    @property
    def attempts(self) -> int: ...


class Service(Protocol):
    """How a provider is called in one protocol. Empty text leaves a header or a query member out."""

    @property
    def path(self) -> Template: ...
    @property
    def query(self) -> Mapping[str, Template]: ...
    @property
    def headers(self) -> Mapping[str, Template]: ...


class Provider(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def transport(self) -> str: ...  # "http", or the name of a transport inside the process ("sandbox")
    @property
    def base_url(self) -> str: ...
    @property
    def allow_private(self) -> bool: ...  # loopback, private and link-local addresses
    @property
    def auth_headers(self) -> Mapping[str, Callable[[], str]]: ...  # header -> its whole value, scheme included
    @property
    def auth_query(self) -> Mapping[str, Callable[[], str]]: ...
    @property
    def services(self) -> Mapping[str, Service]: ...  # by protocol name, in order of preference
    @property
    def policy(self) -> Policy: ...
    @property
    def problem(self) -> str | None: ...  # why it is not configured; None: usable


class Target(Protocol):
    @property
    def provider(self) -> Provider: ...
    @property
    def model(self) -> str: ...  # the upstream's name
    @property
    def protocol(self) -> str | None: ...  # fixed by configuration; None: the client's if spoken, else the first
    @property
    def patched(self) -> bool: ...  # a variant or capability changes the request: never plain passthrough
    @property
    def view(self) -> Mapping[str, object]: ...  # the `target` root of mappings and templates; holds `model`


class Settings(Protocol):
    @property
    def workers(self) -> int: ...
    @property
    def max_body(self) -> int: ...  # bytes of a request
    @property
    def max_response(self) -> int: ...  # bytes of an upstream's answer that is held or folded
    @property
    def max_event(self) -> int: ...  # bytes of one frame
    @property
    def request_id_headers(self) -> Sequence[str]: ...  # every answer carries its id under these names
    @property
    def body_timeout(self) -> float: ...  # seconds for a client to send its body
    @property
    def header_timeout(self) -> float: ...  # seconds for a client to send its head
    @property
    def keep_alive(self) -> float: ...  # seconds that an idle connection of a client stays open
    @property
    def keep_alive_comment(self) -> float: ...  # seconds of silence in a stream before a sign of life
    @property
    def drain(self) -> float: ...  # seconds that running requests have when the gateway stops
    @property
    def strict(self) -> bool: ...  # every warning loss is a rejection


class Snapshot(Protocol):
    @property
    def mounts(self) -> Sequence[str]: ...  # "", "/api"
    @property
    def endpoints(self) -> Sequence[Endpoint]: ...
    @property
    def surfaces(self) -> Sequence[Surface]: ...
    @property
    def keys(self) -> Mapping[str, Key]: ...  # by lower-case hex SHA-256 of the credential
    @property
    def protocols(self) -> Mapping[str, WireProtocol]: ...
    @property
    def providers(self) -> Mapping[str, Provider]: ...
    @property
    def groups(self) -> Mapping[str, object]: ...
    @property
    def settings(self) -> Settings: ...
    def resolve(self, model: str, group: str) -> Sequence[Target]:
        """The ordered targets; empty when the group has no such model."""

    def models_of(self, group: str) -> Sequence[Json]:
        """What the group may call, as canonical models `{id, name?, created?, owner?, …}` in listing order."""
