"""A protocol's framing as data, and the table of framings the engine can read and write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from . import json_array, ndjson, sse
from .frame import Frame


class FrameReader(Protocol):
    """Bytes to frames, incrementally. `truncated` is true after `close` when the last frame had no end of its own."""

    truncated: bool

    def feed(self, chunk: bytes) -> list[Frame]: ...
    def close(self) -> list[Frame]: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One way of cutting bytes into frames.

    `boundary` gives the length of the prefix that holds whole frames only; without it that takes a reader. What is
    written once, or between frames, is `opening`, `between` and `closing`.
    """

    reader: Callable[[int], FrameReader]
    write: Callable[[str | None, bytes], bytes]
    boundary: Callable[[bytes | bytearray, int], int] | None
    content_type: str
    keep_alive: str | None
    opening: bytes = b""
    between: bytes = b""
    closing: bytes = b""


KINDS: dict[str, Kind] = {
    "sse": Kind(sse.Reader, sse.write, sse.boundary, "text/event-stream; charset=utf-8", "\n"),
    "ndjson": Kind(ndjson.Reader, ndjson.write, ndjson.boundary, "application/x-ndjson", "\n"),
    "json-array": Kind(json_array.Reader, json_array.write, None, "application/json", "\n", b"[", b",\r\n", b"]\n"),
}

DEFAULT_CAP = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Framing:
    """How one protocol frames its streams.

    `event_member` names the member of the data that doubles as the frame's event name, `end` is the data of a closing
    frame that is no JSON, `keep_alive` is written while the client waits; unset members take the kind's default.
    """

    kind: str
    event_member: str | None = None
    end: str | None = None
    content_type: str | None = None
    keep_alive: str | None = None

    def reader(self, cap: int = DEFAULT_CAP) -> FrameReader:
        """A fresh reader that raises FrameError when one frame passes `cap` bytes."""
        return KINDS[self.kind].reader(cap)

    def write(self, event: str | None, data: bytes) -> bytes:
        """One frame as bytes."""
        return KINDS[self.kind].write(event, data)

    def boundary(self, data: bytes | bytearray, start: int = 0) -> int:
        """How many leading bytes of `data` hold whole frames only; 0 when no frame ends behind `start`.

        Only of a framing that `passes`.
        """
        boundary = KINDS[self.kind].boundary
        return boundary(data, start) if boundary is not None else 0

    @property
    def passes(self) -> bool:
        """Whether whole frames can be let through without being read."""
        return KINDS[self.kind].boundary is not None

    def before(self, *, first: bool) -> bytes:
        """What stands in front of a frame."""
        kind = KINDS[self.kind]
        return kind.opening if first else kind.between

    def after(self, *, empty: bool) -> bytes:
        """What stands behind the last frame; `empty` when there was none."""
        kind = KINDS[self.kind]
        return kind.opening + kind.closing if empty else kind.closing

    @property
    def media_type(self) -> str:
        """The content type of a response in this framing."""
        return self.content_type or KINDS[self.kind].content_type

    @property
    def idle(self) -> bytes:
        """What may be written while nothing happens; empty when nothing may."""
        text = KINDS[self.kind].keep_alive if self.keep_alive is None else self.keep_alive
        return (text or "").encode()
