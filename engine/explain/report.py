"""What an explanation says: plain frozen values, for people and for programs. No member ever holds a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Matched:
    """The endpoint that takes the request, and where it is written."""

    id: str
    match: str
    protocol: str
    operation: str
    where: str
    guessed: bool


@dataclass(frozen=True, slots=True)
class Credential:
    """Where a credential may stand, where one stands, and as whom the request is explained."""

    places: Sequence[str]
    taken: Sequence[str]
    key: str
    group: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The model that was asked for, the entry that it means and how, and where that is written."""

    asked: str
    model: str
    how: str
    where: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One target of the model; `skipped` says why it is not called, `turn` when it is, from 1.

    `share` is its part of the requests, where it shares them with others of the same priority.
    """

    provider: str
    model: str
    protocol: str
    dialect: str | None
    turn: int | None
    skipped: str | None
    where: str
    share: str | None = None


@dataclass(frozen=True, slots=True)
class Sticky:
    """What keeps requests to one target, what that is in this one, and where it is written."""

    expression: str
    value: str | None
    where: str


@dataclass(frozen=True, slots=True)
class StandIn:
    """A model that may answer instead, after the outcomes `on`; `skipped` says why it would not."""

    model: str
    on: Sequence[str]
    provider: str | None
    skipped: str | None
    where: str


@dataclass(frozen=True, slots=True)
class Lost:
    """What the target cannot be told, how bad that is, and why."""

    path: str
    severity: str
    reason: str


@dataclass(frozen=True, slots=True)
class Made:
    """One value of the body that goes upstream, and what made it: a place in a file, or the client."""

    path: str
    where: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The request that would go upstream. `way` is `passthrough` or `translation`."""

    provider: str
    transport: str
    way: str
    changes: Sequence[str]
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    fields: Sequence[Made]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway answers by itself."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the gateway would do; a member is absent where the request does not get that far."""

    endpoint: Matched | None = None
    credential: Credential | None = None
    resolution: Resolved | None = None
    targets: Sequence[Candidate] = ()
    sticky: Sticky | None = None
    fallbacks: Sequence[StandIn] = ()
    losses: Sequence[Lost] = ()
    request: Sent | None = None
    answer: Answer | None = None

    @property
    def refused(self) -> bool:
        """Whether the client would get an error."""
        return self.answer is not None and self.answer.status >= 400
