"""Streams on their way in: bytes to canonical events.

The rules may be sloppy; the brackets, set to what the reader of the events wants, make them well formed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from ..canonical.brackets import INTERRUPTED, Brackets
from ..canonical.plain import Gathering
from ..language.operators import is_false
from ..wire.frame import Frame, FrameError
from ..wire.framing import DEFAULT_CAP, FrameReader, Framing, WholeReader
from ..wire.stencil import Fit
from .files import PARTS, StreamRules
from .recalled import Known
from .runs import Reading, Runs

Json = dict[str, Any]
Event = dict[str, Any]

_SHORT, _FEW = 1024, 4  # bytes, and frames, of a read in which nothing is worth being learned or found
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
    of parts any more once one has come. With `runs` deltas may come many at once, as one event `part.deltas`.
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
        runs: bool = False,
    ) -> None:
        self.over = False
        self.broken = False
        self.taken = 0
        self.heard = 0
        self.whole = b""  # the whole frames that the last bytes completed, as they came
        self._said = False
        self._brackets = brackets
        self._head = head or {}
        self._count = count
        self._rules = rules.rules
        self._loud = rules.rules.loud if brackets is None else None
        self._complete = rules.complete
        self._framing = framing
        self._cap = cap
        self._whole = framing.whole_reader(cap)
        self._reader: FrameReader = self._whole or framing.reader(cap)
        self._end = framing.end.encode() if framing.end is not None else None
        self._frame = rules.frame(values)
        self._event_slot = rules.roots["event"]
        self._state: Json = self._frame[rules.roots["state"]]
        self._runs: Runs | None = None
        if self._whole is not None and (runs or brackets is None) and not isinstance(brackets, Gathering):
            reading = Reading(self._frame, self._event_slot, rules.roots["state"], rules.given, rules.complete)
            self._runs = Runs(framing, reading, brackets, rules.recalled)

    @property
    def tail(self) -> bytes:
        """The bytes that wait for the end of their frame, where that is known before it is read."""
        return self._whole.tail if self._whole is not None else b""

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes and give the events they say; nothing once the stream is over."""
        self.taken, self.whole = 0, b""
        try:
            if self._whole is None:
                return [] if self.over else self._bracket(self._read(self._reader.feed(chunk)))
            self.whole = self._whole.take(chunk)
            if self.over or not self.whole:
                return []
            if self._runs is not None and _SHORT <= len(self.whole) <= self._cap:
                return self._read_runs(self._runs, self._whole)
            return self._read_all(self._whole)
        except FrameError as error:
            self.broken = True
            return [] if self.over else self._finish([], _interrupted(f"{_UNREADABLE}: {error}"))

    def _read_all(self, reader: WholeReader) -> list[Event]:
        """Read whole frames one by one."""
        if self._runs is not None:
            self._runs.passed()
        return self._bracket(self._read(reader.cut(self.whole)))

    def _read_runs(self, runs: Runs, reader: WholeReader) -> list[Event]:
        """Read whole frames, those that are alike at once."""
        frames, end = self._framing.split(self.whole)
        if len(frames) < _FEW:
            return self._read_all(reader)
        out: list[Event] = []
        done = 0
        while done < len(frames) and not self.over:
            fit, known = runs.find(frames[done:] if done else frames, self._rules)
            if known is not None and fit.length:
                self._take_run(fit, known, out)
                done += fit.length
                self.taken += fit.length
            else:
                left = len(frames) - done
                some = frames[done : done + (runs.stretch if left > _FEW else left)]
                done += len(some)
                read = reader.cut(end.join([*some, b""]))
                out += self._bracket(self._read(read))
                if not self.over:
                    self.taken += len(read)
                    runs.missed(some, end, self._rules)
        return out

    def _take_run(self, fit: Fit, known: Known, out: list[Event]) -> None:
        """Take frames that differ in their texts only, as if each had been read."""
        self.heard += fit.length
        self._frame[self._event_slot] = known.document
        for name, place in known.grown:
            self._state[name] += "".join(fit.texts[place])
        if known.part is not None and isinstance(self._brackets, Brackets):
            event = self._brackets.extend(known.part, fit.texts[known.place])
            out.append(event if fit.written is None else {**event, "written": fit.written})

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
        out = None
        try:
            out = self._brackets.feed(events)
            return [*out, *self._brackets.finish(complete=True)] if self.over else out
        except _MISSHAPEN:
            # What rules make of an upstream's nonsense, such as text that is a number, ends this stream only.
            self.over = True
            shown = self._brackets.shown if out is None else out
            return [*shown, {"type": "error", "error": _interrupted(_NONSENSE), "response": {"outputs": []}}]

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
                    self.taken += index
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
            if kind == "part.delta" and self._loud is None:  # most are
                out.append(event)
                continue
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


def _interrupted(message: str) -> Json:
    return {"kind": "bad_gateway", "status": 502, "message": message}
