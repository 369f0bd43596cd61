"""Streams: bytes to canonical events, and canonical events to bytes.

The decoder's rules may be sloppy; its brackets, set to what the reader of the events wants, make them well formed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from ..canonical.brackets import INTERRUPTED, Brackets
from ..canonical.plain import Gathering
from ..language.operators import is_false
from ..wire.frame import Frame, FrameError
from ..wire.framing import DEFAULT_CAP, Framing
from .files import PARTS, StreamRules

Json = dict[str, Any]
Event = dict[str, Any]

_COUNTING = frozenset({"start", "usage", "answer"})  # the events that may hold token counts
_MISSHAPEN = (AttributeError, KeyError, TypeError, ValueError)
_NONSENSE = "The upstream's stream says something that cannot be read"
_NOT_JSON = "The upstream's stream holds a frame that is not JSON"
_UNREADABLE = "The upstream's stream cannot be read"


class StreamDecoder:
    """Reads one stream of an upstream; its last event is `end` or `error`, whatever happens.

    `head` is what the answer says of itself, whatever the source says. Without brackets it only watches: its events
    are what the rules emit. `heard` counts the frames it has read; `broken` tells that it gave up on bytes that cannot
    be read, behind `taken` good frames of the last ones. `count` is told the token counts. Who only watches is not told
    of parts any more once one has come.
    """

    def __init__(
        self,
        rules: StreamRules,
        framing: Framing,
        values: Mapping[str, Any],
        brackets: Brackets | Gathering | None,
        *,
        head: Mapping[str, str] | None = None,
        cap: int = DEFAULT_CAP,
        count: Callable[[object], None] | None = None,
    ) -> None:
        self.over = False
        self.broken = False
        self.taken = 0
        self.heard = 0
        self._said = False
        self._brackets = brackets
        self._head = head or {}
        self._count = count
        self._rules = rules.rules
        self._loud = rules.rules.loud if brackets is None else None
        self._complete = rules.complete
        self._reader = framing.reader(cap)
        self._end = framing.end.encode() if framing.end is not None else None
        self._frame = rules.frame(values)
        self._event_slot = rules.roots["event"]
        self._state: Json = self._frame[rules.roots["state"]]

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes and give the events they say; nothing once the stream is over."""
        if self.over:
            return []
        self.taken = 0
        try:
            frames = self._reader.feed(chunk)
        except FrameError as error:
            self.broken = True
            return self._finish([], _interrupted(f"{_UNREADABLE}: {error}"))
        return self._bracket(self._read(frames))

    def close(self, error: Json | None = None) -> list[Event]:
        """End the stream; with `error` the source broke for that reason."""
        if self.over:
            return []
        events = self._read(self._reader.close(), last=True) if error is None else []
        if self.over:
            return self._bracket(events)
        return self._finish(events, error or (None if self._is_complete() else _interrupted(INTERRUPTED)))

    def _bracket(self, events: list[Event]) -> list[Event]:
        """Give the encoder events for some decoder events, with the closing ones once the stream is over."""
        if self._brackets is None:
            return events
        try:
            out = self._brackets.feed(events)
            return [*out, *self._brackets.finish(complete=True)] if self.over else out
        except _MISSHAPEN:
            # What rules make of an upstream's nonsense, such as text that is a number, ends this stream only.
            self.over = True
            return [{"type": "error", "error": _interrupted(_NONSENSE), "response": {"outputs": []}}]

    def _finish(self, events: list[Event], error: Json | None) -> list[Event]:
        if self._brackets is None:
            self.over = True
            return [*events, {"type": "end"} if error is None else {"type": "error", "error": error}]
        self.over = error is None
        out = self._bracket(events)
        self.over = True
        return out if error is None else [*out, *self._brackets.finish(complete=False, error=error)]

    def _read(self, frames: Iterable[Frame], *, last: bool = False) -> list[Event]:
        out: list[Event] = []
        frame, slot, rules = self._frame, self._event_slot, self._rules
        for index, (_, data) in enumerate(frames):
            if not data:
                continue
            if data == self._end:
                self._state["ended"] = True
                frame[slot] = None
            else:
                try:
                    frame[slot] = orjson.loads(data)
                except orjson.JSONDecodeError:
                    if last:  # the end of the bytes cut the last frame: that is what `complete` judges
                        break
                    self.over = self.broken = True
                    self.taken = index
                    return [*out, {"type": "error", "error": _interrupted(_NOT_JSON)}]
                self.heard += 1
                events = rules.run(frame)
                if events:
                    if self._take(events, out):
                        return out
                    rules = self._rules
            if self._state["ended"] and self._is_complete():
                self.over = True
                out.append({"type": "end"})
                return out
        return out

    def _take(self, events: list[Event], out: list[Event]) -> bool:
        """Pass events on; tell whether one of them was the last. `end` counts only if the stream is complete."""
        self._said = True
        for event in events:
            kind = event["type"]
            if kind == "end":
                if self._is_complete():
                    self.over = True
                    out.append(event)
                    return True
                continue
            if kind == "start":
                event.update(self._head)
            if self._loud is not None and kind in PARTS:
                self._rules, self._loud = self._loud, None
            if self._count is not None and kind in _COUNTING:
                self._count(event.get("usage") or (event.get("response") or {}).get("usage"))
            out.append(event)
            if kind == "error":
                self.over = True
                return True
        return False

    def _is_complete(self) -> bool:
        """Whether the stream may end here. One that has said nothing has not succeeded, whatever its end mark."""
        return self._said and (self._complete is None or not is_false(self._complete(self._frame)))


class StreamEncoder:
    """Writes one stream for a client; `failed` tells whether it ended in an error.

    An error is told by the rules, which know what went before, and by `write_error` where they say nothing of it.
    `told` frames have gone out already, as the upstream wrote them.
    """

    def __init__(
        self,
        rules: StreamRules,
        framing: Framing,
        values: Mapping[str, Any],
        write_error: Callable[[Json], Iterable[Json]],
        told: int = 0,
    ) -> None:
        self.over = False
        self.failed = False
        self._rules = rules.rules
        self._framing = framing
        self._write_error = write_error
        self._frame = rules.frame(values)
        self._event_slot = rules.roots["event"]
        self._response_slot = rules.roots["response"]
        self._number_name = rules.number
        self._number = told
        self._written = False

    def feed(self, events: Iterable[Event]) -> bytes:
        """Take encoder events and give the client's bytes."""
        out: list[bytes] = []
        frame, slot = self._frame, self._event_slot
        for event in events:
            kind = event["type"]
            if kind == "error":
                self.over = self.failed = True
                frame[slot] = event
                self._put(self._rules.run(frame) or self._write_error(event["error"]), out)
                out.append(self._framing.after(empty=not self._written))
                break
            if kind == "end":
                self.over = True
                frame[self._response_slot] = event.get("response")
            frame[slot] = event
            self._put(self._rules.run(frame), out)
            if self.over:
                if self._framing.end is not None:
                    out.append(self._framing.write(None, self._framing.end.encode()))
                out.append(self._framing.after(empty=not self._written))
        return b"".join(out)

    def _put(self, bodies: Iterable[Json], out: list[bytes]) -> None:
        framing, member = self._framing, self._framing.event_member
        for body in bodies:
            if self._number_name is not None:
                body = {**body, self._number_name: self._number}
                self._number += 1
            name = body.get(member) if member is not None else None
            out.append(framing.before(first=not self._written))
            out.append(framing.write(name if isinstance(name, str) else None, orjson.dumps(body)))
            self._written = True


def _interrupted(message: str) -> Json:
    return {"kind": "bad_gateway", "status": 502, "message": message}
