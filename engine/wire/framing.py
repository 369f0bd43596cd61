"""A protocol's framing as data, and the table of framings the engine can read and write."""

from __future__ import annotations

import re
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


class WholeReader(FrameReader, Protocol):
    """A reader in two steps: the bytes of whole frames, as they came, and what these say. `tail` waits for its end."""

    @property
    def tail(self) -> bytes: ...
    def take(self, chunk: bytes) -> bytes: ...
    def cut(self, whole: bytes) -> list[Frame]: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One way of cutting bytes into frames.

    `ends` are the marks behind frames, the longest first, where no frame holds one; then it is read by `whole`, too.
    What is written once, or between frames, is `opening`, `between` and `closing`.
    """

    reader: Callable[[int], FrameReader]
    whole: Callable[[int], WholeReader] | None
    ends: tuple[bytes, ...]
    write: Callable[[str | None, bytes], bytes]
    content_type: str
    keep_alive: str | None
    opening: bytes = b""
    between: bytes = b""
    closing: bytes = b""


KINDS: dict[str, Kind] = {
    "sse": Kind(sse.Reader, sse.Reader, (b"\r\n\r\n", b"\n\n"), sse.write, "text/event-stream; charset=utf-8", "\n"),
    "ndjson": Kind(ndjson.Reader, ndjson.Reader, (b"\r\n", b"\n"), ndjson.write, "application/x-ndjson", "\n"),
    "json-array": Kind(json_array.Reader, None, (), json_array.write, "application/json", "\n", b"[", b",\r\n", b"]\n"),
}

_ENDS = {end: re.compile(re.escape(end)) for kind in KINDS.values() for end in kind.ends}
"""What splits at each mark twice as fast as the method of bytes does."""

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

    @property
    def writer(self) -> Callable[[str | None, bytes], bytes]:
        """What `write` does, for whoever writes many."""
        return KINDS[self.kind].write

    def whole_reader(self, cap: int = DEFAULT_CAP) -> WholeReader | None:
        """A fresh reader that also gives the bytes of whole frames; nothing where that takes reading what they say."""
        whole = KINDS[self.kind].whole
        return whole(cap) if whole is not None else None

    @property
    def passes(self) -> bool:
        """Whether whole frames can be let through without being read."""
        return KINDS[self.kind].whole is not None

    def split(self, whole: bytes) -> tuple[list[bytes], bytes]:
        """Whole frames one by one, without the mark behind each, and that mark; none if the last one has another.

        Only of a framing that `passes`. A piece may hold several frames, where others end differently.
        """
        for end in KINDS[self.kind].ends:
            if whole.endswith(end):
                frames = _ENDS[end].split(whole)
                frames.pop()
                return frames, end
        return [], b""

    def head(self, frame: bytes, end: bytes) -> bytes | None:
        """What stands before the data of a frame; nothing where the data is not all that follows, as it stands."""
        reader = self.whole_reader()
        frames = reader.cut(frame + end) if reader is not None else []
        data = frames[0].data if len(frames) == 1 else b""
        return frame.removesuffix(data) if data and frame.endswith(data) else None

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
