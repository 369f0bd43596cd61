"""Casts: what the deltas of one part are written as, found once by writing one with an unknown text.

As long as the encoder's rules remember the same, and do not look at the text, the next delta of that part is written
with the same bytes around its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import orjson

from ..language.stream import Rules
from ..language.unknown import Unknown
from ..wire.framing import Framing

Json = dict[str, Any]
Event = dict[str, Any]
Place = tuple[Any, ...]  # output, index and kind of a part, and the member that the deltas bring

_FEW = 4  # deltas of a part for which nothing is worth being found
_MARK = "\x00hole "
_TEXT = -1
_MEMBERS = ("text", "arguments")
_SAID = ("output", "index", "ordinal", "kind")
_PLAIN = {member: frozenset(("type", *_SAID, member)) for member in _MEMBERS}


@dataclass(frozen=True, slots=True)
class Cast:
    """What one delta of the part at `place` is written as, while the state is as it was: `frames` frames.

    `pieces` are the bytes around its `holes`: in each stands its text, or the number of one of the frames; `form` is
    all of it as `%` takes it.
    """

    place: Place
    state: Json
    frames: int
    pieces: tuple[bytes, ...]
    holes: tuple[int, ...]
    form: bytes

    def write(self, texts: Sequence[bytes], number: int) -> bytes:
        """Write deltas by their texts as they stand between quotes in JSON; the first frame has this number."""
        if not self.holes:
            return self.pieces[0] * len(texts)
        if self.holes == (_TEXT,):
            first, last = self.pieces
            return first + (last + first).join(texts) + last
        end, step = number + len(texts) * self.frames, self.frames
        columns = [texts if hole == _TEXT else range(number + hole, end + hole, step) for hole in self.holes]
        return b"".join([self.form % values for values in zip(*columns, strict=True)])


class Casting:
    """Writes the deltas of a stream that are written alike; what it cannot write is left to the rules.

    `frame`, with event and state at `slots`, is what the rules run on; `counter` names the member that numbers frames.
    """

    def __init__(
        self, rules: Rules, frame: list[Any], slots: tuple[int, int], framing: Framing, counter: str | None
    ) -> None:
        self.sure = False  # whether the state is as it was when the last delta was written
        self._rules = rules
        self._frame = frame
        self._event_slot, self._state_slot = slots
        self._framing = framing
        self._counter = counter
        self._cast: Cast | None = None
        self._place: Place | None = None
        self._seen = 0  # deltas at this place
        self._next = _FEW  # after how many something is tried

    def write(self, event: Event, number: int) -> tuple[bytes, int] | None:
        """Write one delta, or many, with the number of the next frame; give the bytes and how many frames they are."""
        if event["type"] == "part.deltas":
            texts: Sequence[str] = event["texts"]
            cast = self._cast_for(event, event["member"], len(texts))
        else:
            member = "text" if "text" in event else "arguments"
            if event.keys() != _PLAIN[member] or type(event[member]) is not str or not event[member]:
                return None
            texts = (event[member],)
            cast = self._cast_for(event, member, 1)
        if cast is None:
            return None
        written = event.get("written") or [orjson.dumps(text)[1:-1] for text in texts]
        return cast.write(written, number), cast.frames * len(texts)

    def _cast_for(self, event: Event, member: str, many: int) -> Cast | None:
        """Give what such a delta is written as, if that is known, or can be found for the `many` that have come."""
        place = (event["output"], event["index"], event["kind"], member)
        cast = self._cast
        if place != self._place:
            self._place, self._cast, self._seen, self._next = place, None, 0, _FEW
        elif cast is not None and (self.sure or cast.state == self._frame[self._state_slot]):
            self.sure = True
            return cast
        self._seen += many
        if self._seen < self._next:
            return None
        self._next = 2 * self._seen
        try:
            self._cast = self._found(place, event, member)
        except Exception:  # noqa: BLE001 - a rule looked at what is not known, in whatever way
            self._cast = None
        self.sure = self._cast is not None
        return self._cast

    def _found(self, place: Place, event: Event, member: str) -> Cast | None:
        """Write a delta with an unknown text; raises whatever a rule that looks at it raises."""
        told = Unknown(filled=True)
        frame, state = list(self._frame), self._frame[self._state_slot]
        after = frame[self._state_slot] = dict(state)
        known = {name: event[name] for name in _SAID}
        frame[self._event_slot] = {"type": "part.delta", **known, member: told}
        bodies = self._rules.run(frame)
        if after != state:
            return None
        marked: list[tuple[bytes, int]] = []
        whole = b"".join([self._framed(body, number, told, marked) for number, body in enumerate(bodies)])
        if any(whole.count(mark) != 1 for mark, _ in marked):  # it is said by somebody else, too
            return None
        pieces, holes = [whole], []
        for mark, hole in marked:
            before, _, behind = pieces.pop().partition(mark)
            pieces += (before, behind)
            holes.append(hole)
        signs = [b"%b" if hole == _TEXT else b"%d" for hole in holes]
        fixed = [piece.replace(b"%", b"%%") for piece in pieces]
        form = b"".join(chain.from_iterable(zip(fixed, [*signs, b""], strict=True)))
        return Cast(place, dict(state), len(bodies), tuple(pieces), tuple(holes), form)

    def _framed(self, body: Json, number: int, told: Unknown, marked: list[tuple[bytes, int]]) -> bytes:
        """Give a frame with marks where the text and its number stand; they are noted in their order."""

        def mark(value: object) -> str:
            if value is told:
                text = f"{_MARK}{len(marked)}."
                marked.append((orjson.dumps(text)[1:-1], _TEXT))
            elif value is counted:
                text = f"{_MARK}{len(marked)}."
                marked.append((orjson.dumps(text), number))
            else:
                raise TypeError
            return text

        counted = Unknown(None)
        if self._counter is not None:
            body = {**body, self._counter: counted}
        member = self._framing.event_member
        name = body.get(member) if member is not None else None
        data = orjson.dumps(body, default=mark)
        return self._framing.before(first=False) + self._framing.write(name if isinstance(name, str) else None, data)
