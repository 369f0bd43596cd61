"""What a client is shown of answers that are kept: that one was deleted, and pages of what one was asked with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..language.mapping import CompiledMapping
from ..language.operators import is_false
from .call import Call, roots_of
from .errors import Json, RequestRejected, invalid_request

LONGEST = 1000
"""How many entries a page has at most, whatever is asked for."""


@dataclass(frozen=True, slots=True)
class StoredEncode:
    """The shapes of such answers.

    `items` are the entries `{id, value}` of what a kept `body` said, the first one first, `page` is what of them is
    asked for: `{after, limit, newest_first}`, `inputs` the list that shows a page: `{items, first, last, more}`.
    """

    deleted: CompiledMapping
    items: CompiledMapping
    page: CompiledMapping
    inputs: CompiledMapping

    def encode_deleted(self, id: str, call: Call) -> Json:
        """Write that an answer was deleted."""
        written: Json = self.deleted.run(roots_of(call, stored={"id": id}))
        return written

    def encode_inputs(self, id: str, body: Json, call: Call) -> Json:
        """Write the page that is asked for. Raises RequestRejected when it begins behind an entry that is not there."""
        stored = {"id": id}
        entries = self.items.run(roots_of(call, body=body, stored=stored)) or []
        page = paged(entries, self.page.run(roots_of(call)) or {})
        written: Json = self.inputs.run(roots_of(call, page=page, stored=stored))
        return written


def paged(entries: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> Json:
    """Cut a page out of entries: their values, the ids of the first and the last one, and whether there are more.

    Raises RequestRejected when the page is to begin behind an entry that is not there.
    """
    ordered = list(entries if is_false(asked.get("newest_first")) else reversed(entries))
    start, after = 0, asked.get("after")
    if after is not None:
        places = [place for place, entry in enumerate(ordered) if entry.get("id") == after]
        if not places:
            raise RequestRejected(invalid_request("There is no such entry to go on after.", "after"))
        start = places[0] + 1
    limit = asked.get("limit")
    end = start + max(1, min(limit if isinstance(limit, int) else LONGEST, LONGEST))
    shown = ordered[start:end]
    page: Json = {"items": [entry.get("value") for entry in shown], "more": end < len(ordered)}
    return {**page, "first": shown[0].get("id"), "last": shown[-1].get("id")} if shown else page
