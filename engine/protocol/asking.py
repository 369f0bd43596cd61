"""Usage that a stream tells only to those who ask: the question, and what a client that did not ask must not see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from ..wire.members import added, replaced, spans, without

Json = dict[str, Any]

_FRAME = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r|\Z)", re.DOTALL)
_DATA = re.compile(rb"^data: ?([^\r\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class UsageOnRequest:
    """How a protocol is asked for usage in its streams, and what is in them for no other reason.

    `patch` are members that ask for it. `member` is where frames tell it; it is null in those that do not, and a frame
    that tells it while the list `empty` is empty tells nothing else.
    """

    patch: Mapping[str, Mapping[str, object]]
    member: str
    empty: str

    def asked(self, raw: bytes, body: Json) -> bytes | None:
        """Give the bytes of a body that asks; none where the client asks itself, or writes what cannot be merged."""
        given = {name: body.get(name) for name in self.patch}
        if any(value is not None and not isinstance(value, dict) for value in given.values()):
            return None
        merged = {name: {**(given[name] or {}), **wanted} for name, wanted in self.patch.items()}
        if merged == given:
            return None
        for name, value in merged.items():
            raw = (replaced if name in body else added)(raw, name, orjson.dumps(value))
        return raw

    def hidden(self, frames: bytes) -> bytes:
        """Give whole frames as they would have been without the question."""
        name = orjson.dumps(self.member)
        if name not in frames:
            return frames
        rest = _nulls(name).sub(b"", frames)
        if name not in rest:
            return rest
        return b"".join(self._as_unasked(found[0]) if name in found[0] else found[0] for found in _FRAME.finditer(rest))

    def _as_unasked(self, frame: bytes) -> bytes:
        lines = list(_DATA.finditer(frame))
        if len(lines) != 1:
            return frame
        start, end = lines[0].span(1)
        data = frame[start:end]
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            return frame
        if not isinstance(event, dict) or self.member not in event or len(spans(data, self.member)) != 1:
            return frame
        if event[self.member] is None:
            return frame[:start] + without(data, self.member) + frame[end:]
        return b"" if event.get(self.empty) == [] else frame


@lru_cache(16)
def _nulls(name: bytes) -> re.Pattern[bytes]:
    """Find a null as frames mostly have it: behind it come only flat members, then the end of the object and frame.

    So it stands at the top; in a text its quotes would be escaped.
    """
    flat = rb',"[^"\\]*":(?:"[^"\\]*"|[^"\\{}\[\],\s]*)'
    return re.compile(b"," + re.escape(name) + rb":null(?=(?:" + flat + rb")*+\}(?:\n\n|\r\n\r\n|\r\r))")


def read_usage_on_request(about: object) -> UsageOnRequest | None:
    """Read the entry of a protocol's file, whose form has been checked."""
    return UsageOnRequest(about["patch"], about["member"], about["empty"]) if isinstance(about, dict) else None
