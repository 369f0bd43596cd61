"""The state of one request on its way, and the two faces of the server that the pipeline sees."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..canonical.loss import Loss
from ..compile.endpoint import Endpoint
from ..compile.snapshot import Key, Snapshot, Target
from ..protocol import Call, WireProtocol
from ..routing.state import Routing
from ..store import Entry
from .errors import Problem
from .form import Form, Keeping
from .memory import Memory
from .outcomes import Attempt, Names


class Incoming(Protocol):
    """A request whose head has arrived. Header names are lower case, values stripped."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...  # as sent, still percent-encoded, without the query
    @property
    def query(self) -> str: ...  # as sent
    @property
    def headers(self) -> Mapping[str, str]: ...
    async def read_body(self, limit: int, seconds: float) -> bytes:
        """The whole body. Raises Problem when it is larger than `limit` bytes or takes longer than `seconds`."""

    def body_in_pieces(self, limit: int, seconds: float) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises Problem when it is too large, or when nothing comes for `seconds`."""


class Reply(Protocol):
    """The way back to the client."""

    patience: float  # seconds in which a client must take a piece of a stream

    @property
    def started(self) -> bool:
        """Whether the client can have seen anything."""

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...
    async def start(self, status: int, headers: Mapping[str, str]) -> None: ...
    def push(self, data: bytes) -> bool:
        """Write a piece of a stream at once, unless the client does not keep up; tells whether it is written."""

    async def write(self, data: bytes) -> None: ...
    async def finish(self, data: bytes = b"") -> None: ...
    def abort(self) -> None:
        """Cut the connection, so that the client cannot take a broken answer for a whole one."""


@dataclass(frozen=True, slots=True)
class Continued:
    """The answer that a request goes on from, in the conversation `thread`.

    `turns` are all that was said up to it; absent when a provider knows them: `provider`, if that is known.
    """

    previous: str
    thread: str
    turns: Sequence[dict[str, Any]] | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """The conversation that a request belongs to, by its id.

    One that is kept `here` has its entries in front of what the body says; `asked` is what the client itself says, as
    entries. Of any other, `provider` keeps it, if that is known.
    """

    id: str
    here: bool = False
    asked: Sequence[Entry] = ()
    provider: str | None = None


@dataclass(slots=True)
class Exchange:
    """One request: filled in step by step, each member written by one step."""

    snapshot: Snapshot
    incoming: Incoming
    reply: Reply
    request_id: str
    keeping: Keeping = field(default_factory=Keeping)
    started: float = field(default_factory=time.monotonic)

    # endpoint
    client: WireProtocol | None = None
    endpoint: Endpoint | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    pairs: Sequence[tuple[str, str]] = ()

    # credential
    credentials: Collection[str] = field(default=(), repr=False)  # what was given, valid or not
    key: Key | None = None

    # body
    raw: bytes = b""
    form: Form | None = None
    body: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    stream: bool = False

    # model and targets
    targets: Sequence[Target] = ()

    # state
    memory: Memory = field(default_factory=Memory.of_process)
    continued: Continued | None = None
    belongs: Belonging | None = None
    elsewhere: Problem | None = None  # what those targets are told who do not know what the request goes on from
    keeps: bool = False  # whether the answer is kept
    kept: bool = False  # whether that is done
    answer_id: str = ""  # the id of an answer, if it may be kept here

    # sending
    target: Target | None = None
    tries: list[Attempt] = field(default_factory=list)
    broken: Names = ()  # the names of what ended a stream of which the client had seen something
    losses: Sequence[Loss] = ()
    hidden: Collection[str] = ()  # the places of the answer that the client's protocol cannot show
    returned: Mapping[str, str] = field(default_factory=dict)
    estimated: bool = False  # whether the answer is a guess of ours
    status: int = 0
    outcome: str = ""
    stopping: dict[str, Any] | None = None
    routing: Routing = field(default_factory=Routing)

    def let_go(self) -> None:
        """Forget what the client said, unless it is kept with the answer; the model's name and the like are known."""
        if not self.keeps:
            self.raw, self.body = b"", {}

    @property
    def attempts(self) -> int:
        """How often a target was called."""
        return len(self.tries)

    def call(self, target: Mapping[str, object] | None = None) -> Call:
        """A fresh set of roots for the mappings of one attempt."""
        return Call(
            path=self.path,
            query=self.query,
            headers=self.incoming.headers,
            target=target or {},
            model=self.model or None,
            request_id=self.request_id,
            history=(self.continued.turns or ()) if self.continued is not None else (),
        )

    @property
    def restored(self) -> bool:
        """Whether what was said before stands in the request by now, so that it is no longer as the client wrote it."""
        here = self.belongs is not None and self.belongs.here
        return here or (self.continued is not None and self.continued.turns is not None)

    @property
    def upload(self) -> Form | None:
        """The client's form, as long as it has not become a document."""
        return self.form if self.form is not None and not self.form.whole else None

    @property
    def spent(self) -> bool:
        """Whether a part of the client's body has gone on and is not kept, so that nobody else can be sent it."""
        return self.form is not None and self.form.spent

    @property
    def strict(self) -> bool:
        """Whether the gateway, the key's group or the request itself wants nothing lost."""
        settings = self.snapshot.settings
        group = self.snapshot.groups.get(self.key.group) if self.key is not None else None
        asked = self.incoming.headers.get(settings.strict_header or "", "").lower() in ("true", "1")
        return settings.strict or asked or (group is not None and group.strict)

    @property
    def lost(self) -> list[str]:
        """What did not get through, there and back: the places in general, each with how bad it is."""
        if not self.losses and not self.hidden:
            return []
        there = {f"{loss.general}:{loss.severity}" for loss in self.losses}
        return sorted(there | {f"{place}:warn" for place in self.hidden})

    def context(self) -> dict[str, object]:
        """The roots of the expressions of an endpoint."""
        return {"path": self.path, "query": self.query, "headers": self.incoming.headers, "body": self.body}
