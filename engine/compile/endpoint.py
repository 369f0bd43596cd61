"""What clients call, compiled: addresses, and who answers where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..config.model import CredentialPlace, Refusal
from ..protocol import WireProtocol

Context = Mapping[str, object]
Expression = Callable[[Context], Any]


@dataclass(frozen=True, slots=True)
class State:
    """What is kept of an endpoint's answers; a member is that of the body which an expression reads, if just that.

    `keep` tells whether an answer is, `previous` and `conversation` give the id of what a request goes on from, and
    `prefix` is how the ids of answers begin that we keep.
    """

    keep: Expression
    previous: Expression
    previous_member: str | None
    conversation: Expression | None
    conversation_member: str | None
    prefix: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that clients call; `model_member` is the body's member that names the model, if it is just that.

    `answer`, `conversation` and `entry` give the ids of what is kept that a request is about; `seen` the number of the
    last event that its client has of a stream. Ids of conversations that are made here begin with `prefix`.
    """

    id: str
    method: str
    pattern: str
    when: Expression | None
    protocol: WireProtocol
    operation: str
    model: Expression | None
    model_member: str | None
    stream: Expression | bool
    auth: Sequence[CredentialPlace]
    forward: Sequence[str]
    returned: Sequence[str]
    max_body: int | None
    example: str | None
    forms: bool = False
    forward_query: Sequence[str] = ()
    state: State | None = None
    answer: Expression | None = None
    seen: Expression | None = None
    conversation: Expression | None = None
    entry: Expression | None = None
    prefix: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Surface:
    """Which protocol answers where no endpoint does."""

    prefix: str
    when: Expression | None
    protocol: WireProtocol
