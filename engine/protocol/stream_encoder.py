"""Streams on their way out: canonical events to bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from ..canonical.brackets import one_by_one
from ..wire.framing import Framing
from .casts import Casting
from .files import StreamRules

Json = dict[str, Any]
Event = dict[str, Any]

_DELTAS = frozenset({"part.delta", "part.deltas"})


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
        self._write, self._between = framing.writer, framing.before(first=False)
        slots = (self._event_slot, rules.roots["state"])
        self._casting = Casting(self._rules, self._frame, slots, framing, self._number_name)

    def feed(self, events: Iterable[Event]) -> bytes:
        """Take encoder events and give the client's bytes."""
        out: list[bytes] = []
        frame, slot = self._frame, self._event_slot
        for event in events:
            kind = event["type"]
            if kind in _DELTAS and self._written:
                cast = self._casting.write(event, self._number)
                if cast is not None:
                    out.append(cast[0])
                    self._number += cast[1] if self._number_name is not None else 0
                    continue
            self._casting.sure = False
            if kind == "part.deltas":
                for each in one_by_one(event):
                    frame[slot] = each
                    self._put(self._rules.run(frame), out)
                continue
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
                    out.append(self._write(None, self._framing.end.encode()))
                out.append(self._framing.after(empty=not self._written))
        return b"".join(out)

    def _put(self, bodies: Iterable[Json], out: list[bytes]) -> None:
        member, write = self._framing.event_member, self._write
        for body in bodies:
            if self._number_name is not None:
                body = {**body, self._number_name: self._number}
                self._number += 1
            name = body.get(member) if member is not None else None
            before = self._between if self._written else self._framing.before(first=True)
            frame = write(name if isinstance(name, str) else None, orjson.dumps(body))
            out.append(before + frame if before else frame)
            self._written = True
