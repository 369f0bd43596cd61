"""The contract of a store: whichever is used, it keeps the same promises, and the same tests hold it to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .usage import UsageRecord, UsageSum


class StoreError(Exception):
    """The store cannot be read or written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A client's key as it is kept: never its text, but the SHA-256 of it and a hint by which people know it again.

    Several keys may have one name: after a rotation the old one lives on for a while. Moments in seconds since 1970.
    """

    name: str
    group: str
    digest: str
    hint: str
    created: float
    expires: float | None = None

    def valid(self, now: float) -> bool:
        """Tell whether the key opens anything at this moment."""
        return self.expires is None or now < self.expires


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer that later requests of its group may go on from, with what it answered.

    `protocol` and `model` are those that the client called, `thread` is the first answer of the conversation, or the
    conversation that clients name, `previous` what it goes on from. One that its provider keeps itself has only a
    `provider` here; of any other, `body` is what the client asked, `turns` and `response` are canonical, all three as
    JSON. Moments in seconds since 1970.
    """

    id: str
    group: str
    protocol: str
    model: str
    created: float
    thread: str
    previous: str | None = None
    provider: str | None = None
    body: bytes = field(default=b"", repr=False)
    turns: bytes = field(default=b"", repr=False)
    response: bytes = field(default=b"", repr=False)

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return len(self.body) + len(self.turns) + len(self.response)


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation that clients name, and what was noted of it: a list of entries, to which answers are added.

    One that its provider keeps itself has only a `provider` here, and a `model` through which that is asked. `count`
    and `size` are those of its entries; they are found, not kept.
    """

    id: str
    group: str
    protocol: str
    created: float
    notes: bytes = field(default=b"", repr=False)
    provider: str | None = None
    model: str | None = None
    count: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was said in a conversation: JSON, as a client of its protocol says it."""

    id: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is kept of one group: how many things, how many bytes, and for how many seconds after their last use.

    Answers, conversations and their entries are things.
    """

    count: int
    size: int
    age: float


class Store(Protocol):
    """Calls block for as long as the place takes, and may come from any thread; each raises StoreError."""

    def add_key(self, key: StoredKey) -> None:
        """Keep one more key."""

    def find_key(self, digest: str) -> StoredKey | None:
        """Give the key with this digest, valid or not."""

    def list_keys(self) -> Sequence[StoredKey]:
        """Give all keys, the oldest first."""

    def expire_keys(self, name: str, at: float) -> int:
        """Let the keys of a name end at this moment, but those that end sooner; gives how many were changed."""

    def keep_answer(self, answer: StoredAnswer, bounds: Bounds) -> None:
        """Keep one more answer, which counts as a use of its conversation; one with an id that is there replaces it.

        An id of another group is left alone. Whole conversations make room, those first that were not used for the
        longest time: what is too old everywhere, and what is too much in the answer's group. A call does a bounded part
        of that.
        """

    def find_answer(self, id: str, since: float) -> StoredAnswer | None:
        """Give the answer with this id, if its conversation was used since that moment."""

    def answer_chain(self, id: str, depth: int, size: int) -> Sequence[StoredAnswer]:
        """Give an answer and those before it, the last one first and without their `body`.

        The last one that is given has a `previous` if that is not there, or would be more than `depth` answers or more
        than `size` bytes.
        """

    def delete_answer(self, id: str) -> None:
        """Forget the answer with this id; those that go on from it stay."""

    def keep_conversation(self, conversation: StoredConversation, bounds: Bounds) -> None:
        """Keep a conversation; of one that is there only the notes change. All else is as with an answer."""

    def find_conversation(self, id: str, since: float) -> StoredConversation | None:
        """Give the conversation with this id, if it was used since that moment."""

    def delete_conversation(self, id: str) -> None:
        """Forget the conversation with this id and its entries; answers that were given in it stay."""

    def add_entries(
        self, conversation: str, entries: Sequence[Entry], now: float, bounds: Bounds
    ) -> Sequence[Entry] | None:
        """Add entries behind all others, together and in this order, which counts as a use; nothing if it is not there.

        One whose id is taken gets another, so that none is lost: the entries are given as they are kept.
        """

    def list_entries(
        self, conversation: str, after: str | None, limit: int, *, newest_first: bool = False
    ) -> Sequence[Entry] | None:
        """Give at most so many entries behind the one with the id `after`; nothing if that is not there."""

    def find_entry(self, conversation: str, id: str) -> Entry | None:
        """Give one entry of a conversation."""

    def delete_entry(self, conversation: str, id: str) -> None:
        """Forget one entry of a conversation."""

    def add_usage(self, records: Sequence[UsageRecord], since: float) -> None:
        """Keep some records, all of them or none; some of those of requests before `since` are forgotten."""

    def sum_usage(self, by: Sequence[str], since: float, until: float) -> Sequence[UsageSum]:
        """Put the requests of a span together by any of `GROUPINGS`, in the order of what they have in common."""

    def close(self) -> None:
        """Let go of the place; a second call does nothing."""
