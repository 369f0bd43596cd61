"""What a client is shown of what is kept: answers, what they were asked with, and conversations, by pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..language.mapping import CompiledMapping
from ..language.operators import is_false
from ..wire.framing import Framing
from .call import Call, present, roots_of
from .errors import Json, RequestRejected, invalid_request

LONGEST = 1000
"""How many entries a page has at most, whatever is asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The part of a list that is asked for: at most `limit` entries behind the one with the id `after`."""

    after: str | None
    limit: int
    newest_first: bool


@dataclass(frozen=True, slots=True)
class ConversationEncode:
    """The shapes of conversations.

    `given` are the `{notes, entries}` that a body says, `request` is a body with entries in front of what it says
    itself, `answered` the entries `{id, value}` that a client's answer adds, `entry` one of them as it is shown,
    `shown` a conversation `{id, created, notes}`, and `deleted` what is said of one that is gone. `most`: how many
    entries can be added at once.
    """

    given: CompiledMapping
    request: CompiledMapping
    answered: CompiledMapping
    entry: CompiledMapping
    shown: CompiledMapping
    deleted: CompiledMapping
    most: int


@dataclass(frozen=True, slots=True)
class StoredEncode:
    """The shapes of such answers.

    `items` are the entries `{id, value}` of what a kept `body` said, the first one first, `page` is what of them is
    asked for: `{after, limit, newest_first}`, `inputs` the list that shows a page: `{items, first, last, more}`.
    `conversations` is None where the protocol has none.
    """

    deleted: CompiledMapping
    items: CompiledMapping
    page: CompiledMapping
    inputs: CompiledMapping
    conversations: ConversationEncode | None = None

    def encode_deleted(self, id: str, call: Call) -> Json:
        """Write that an answer was deleted."""
        return _object(self.deleted.run(roots_of(call, stored={"id": id})))

    def encode_inputs(self, id: str, body: Json, call: Call) -> Json:
        """Write the page that is asked for. Raises RequestRejected when it begins behind an entry that is not there."""
        return self._list(id, paged(self.entries(id, body, call), self.asked(call)), call)

    def entries(self, id: str, body: Json, call: Call) -> Sequence[Json]:
        """Give what a body says as entries `{id, value}`; those without an id get one that is made of `id`."""
        return self.items.run(roots_of(call, body=body, stored={"id": id})) or ()

    def asked(self, call: Call) -> Asked:
        """Give what part of a list is asked for."""
        asked = self.page.run(roots_of(call)) or {}
        after, limit = asked.get("after"), asked.get("limit")
        most = max(1, min(limit, LONGEST)) if isinstance(limit, int) else LONGEST
        return Asked(after, most, not is_false(asked.get("newest_first")))

    def encode_entries(self, id: str, entries: Sequence[Json], call: Call, *, more: bool = False) -> Json:
        """Write a page of the entries of a conversation."""
        return self._list(id, page_of(entries, [self.encode_entry(entry, call) for entry in entries], more=more), call)

    def encode_entry(self, entry: Json, call: Call) -> Json:
        """Write one entry of a conversation."""
        return _object(present(self.conversations).entry.run(roots_of(call, entry=entry)))

    def _list(self, id: str, page: Json, call: Call) -> Json:
        return _object(self.inputs.run(roots_of(call, page=page, stored={"id": id})))

    def encode_conversation(self, conversation: Json, call: Call) -> Json:
        """Write what is known of a conversation `{id, created, notes}`."""
        return _object(present(self.conversations).shown.run(roots_of(call, conversation=conversation)))

    def encode_gone(self, id: str, call: Call) -> Json:
        """Write that a conversation was deleted."""
        return _object(present(self.conversations).deleted.run(roots_of(call, conversation={"id": id})))

    def given(self, body: Json, call: Call) -> tuple[Json | None, Sequence[Json]]:
        """Read what a body says of a conversation: notes, if any, and values of entries. Raises RequestRejected."""
        rules = present(self.conversations)
        given = _object(rules.given.run(roots_of(call, body=body)))
        notes, values = given.get("notes"), given.get("entries")
        if notes is not None and not isinstance(notes, dict):
            raise RequestRejected(invalid_request("What is noted of a conversation is an object."))
        if values is None:
            return notes, ()
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise RequestRejected(invalid_request("What is added to a conversation is a list of objects."))
        if len(values) > rules.most:
            raise RequestRejected(invalid_request(f"At most {rules.most} entries can be added at once."))
        return notes, values

    def request(self, body: Json, values: Sequence[Json], call: Call) -> Json:
        """Give a body with these values of entries in front of what it says itself."""
        return _object(present(self.conversations).request.run(roots_of(call, body=body, entries=list(values))))

    def answered(self, body: Json, call: Call) -> Sequence[Json]:
        """Give the entries `{id, value}` that an answer adds, written as its client reads it."""
        return present(self.conversations).answered.run(roots_of(call, body=body)) or ()


def paged(entries: Sequence[Mapping[str, Any]], asked: Asked) -> Json:
    """Cut a page out of entries: their values, the ids of the first and the last one, and whether there are more.

    Raises RequestRejected when the page is to begin behind an entry that is not there.
    """
    ordered = list(reversed(entries) if asked.newest_first else entries)
    start = 0
    if asked.after is not None:
        places = [place for place, entry in enumerate(ordered, 1) if entry.get("id") == asked.after]
        if not places:
            raise nowhere()
        start = places[0]
    end = start + asked.limit
    shown = ordered[start:end]
    return page_of(shown, [entry.get("value") for entry in shown], more=end < len(ordered))


def page_of(entries: Sequence[Mapping[str, Any]], items: Sequence[Any], *, more: bool) -> Json:
    """Make a page of what is shown of some entries."""
    page: Json = {"items": items, "more": more}
    return {**page, "first": entries[0].get("id"), "last": entries[-1].get("id")} if entries else page


def nowhere() -> RequestRejected:
    """Give the error of a page that is to begin behind an entry that is not there."""
    return RequestRejected(invalid_request("There is no such entry to go on after.", "after"))


def behind(framing: Framing, stream: bytes, count: int) -> bytes:
    """Write a whole stream again without its first `count` frames."""
    reader = framing.reader(len(stream) + 1)
    frames = [*reader.feed(stream), *reader.close()][max(count, 0) :]
    written = [framing.before(first=place == 0) + framing.write(*frame) for place, frame in enumerate(frames)]
    return b"".join([*written, framing.after(empty=not frames)])


def _object(made: Any) -> Json:
    return made if isinstance(made, dict) else {}
