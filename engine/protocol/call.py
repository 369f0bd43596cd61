"""What mappings may read in one request beside its subject, and what an encoded request is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..canonical.loss import Declared, Loss
from ..canonical.usage import merge_counters
from .errors import Json

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """The roots a mapping may read in one request, beside its subject.

    `model` is the name that the client asked for, `target` what the configuration says of the chosen target, `request`
    the client's canonical request, `memo` what the encoding of the request leaves for the decoding of the answer,
    `unread` the places of the client's body that no rule reads, `declared` what the client's protocol says of places
    that have no canonical counterpart, `request_id` the name that errors carry, `lost` the places of the answer that
    the client's protocol cannot show.

    `history` are turns in front of those that the client's body says, `said` the latter as its mapping makes them;
    `answer_id` is the id that the answer gets, whatever its source says, `created` the moment when it is made, if its
    source says none, `answer` the whole canonical answer, `usage` the canonical token counts that were read so far.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, object] = field(default_factory=dict)
    request: Json | None = None
    memo: Json = field(default_factory=dict)
    model: str | None = None
    unread: tuple[Loss, ...] = ()
    declared: Mapping[str, Declared] = field(default_factory=dict)
    request_id: str | None = None
    lost: set[str] = field(default_factory=set)
    history: Sequence[Json] = ()
    said: Sequence[Json] = ()
    answer_id: str | None = None
    created: int | None = None
    answer: Json | None = None
    usage: Json = field(default_factory=dict)

    def count(self, usage: object) -> None:
        """Take note of token counts; what is said later wins, and what is no counts is passed over."""
        if isinstance(usage, Mapping):
            self.usage = merge_counters(self.usage, usage)

    @property
    def head(self) -> dict[str, str]:
        """What the answer says of itself, whatever its source says."""
        members = {"id": self.answer_id, "model": self.model}
        return {name: value for name, value in members.items() if value is not None}

    @property
    def defaults(self) -> dict[str, Any]:
        """What the answer says of itself, if its source does not."""
        return self.head if self.created is None else {"created": self.created, **self.head}


@dataclass(frozen=True, slots=True)
class Encoded:
    """An upstream's body, and what of the request it does not carry."""

    body: Json
    losses: tuple[Loss, ...]


def present(rules: T | None) -> T:
    """Give rules that the caller relies on; a folder without them is refused when it is loaded."""
    assert rules is not None, "the configuration uses a file that the protocol's folder lacks"
    return rules


def roots_of(call: Call, **subjects: Any) -> Mapping[str, Any]:
    """Give the roots of a mapping: those of the call, and its subjects."""
    return {
        "path": call.path,
        "query": call.query,
        "headers": call.headers,
        "target": call.target,
        "memo": call.memo,
        "request": call.request,
        **subjects,
    }
