"""Runs: frames that say the same but for a text, read all at once.

In a long stream most frames differ in a text that no rule looks at: it is handed on into the part that is open, or
nobody needs it. Such frames are found by their bytes (`wire.stencil`), and what comes of them by running the rules
once with an unknown text in its place (`language.unknown`). Where a rule looks closer, or remembers anything else,
frames are read one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ..canonical.brackets import Brackets
from ..canonical.open_part import OpenPart
from ..language.expressions import Fn
from ..language.stream import Rules
from ..language.unknown import Joined, Unknown, is_unknown, pieces_of
from ..wire.framing import Framing
from ..wire.stencil import NONE, Fit, Stencil
from .files import PARTS
from .recalled import Known, Recalled

Json = dict[str, Any]
Event = dict[str, Any]

_FIRST = 3  # frames that are read before something is learned; the first ones tell of the whole
_LONGEST = 4096  # bytes of a frame that is remembered
_PATIENCE = 1024  # frames between two attempts, at most
_TIDINGS = frozenset({"start", "usage"})  # the same once more changes nothing


@dataclass(frozen=True, slots=True)
class Reading:
    """What a stream's rules read and change: they run on `frame`, with slots for event, state and what is given."""

    frame: list[Any]
    event: int
    state: int
    given: Sequence[int]
    complete: Fn | None

    @property
    def particular(self) -> bool:
        """Whether the rules are given anything in this stream that they could look at."""
        return any(self.frame[slot] for slot in self.given)

    def on(self, rules: Rules, event: Any, state: Json) -> list[Event]:
        """Run rules as the stream stands, but on a state of their own."""
        frame = list(self.frame)
        frame[self.event], frame[self.state] = event, state
        events = rules.run(frame)
        if self.complete is not None:
            self.complete(frame)  # must not look at what is unknown either
        return events


class Runs:
    """Learns from the frames of one stream that are read one by one, and finds those that need not be."""

    def __init__(self, framing: Framing, reading: Reading, brackets: Brackets | None, recalled: Recalled) -> None:
        self._framing = framing
        self._reading = reading
        self._brackets = brackets
        self._recalled = recalled if brackets is None and not reading.particular else Recalled()
        self._known: Known | None = None
        self._sure = False
        self._recent: Sequence[bytes] = ()
        self._attempts = 0  # since frames were found
        self._due = _FIRST  # frames until the next attempt

    @property
    def stretch(self) -> int:
        """How many frames are to be read one by one before asking again."""
        return self._due if self._known is None and (self._attempts or not self._recalled.ready) else 1

    def find(self, frames: Sequence[bytes], rules: Rules) -> tuple[Fit, Known | None]:
        """See how many frames, from the first one on, fit what is known, and what comes of them."""
        known = self._known
        if known is None:
            return NONE, None
        if not self._sure:
            if known.tells or not self._holds(known, rules):
                self._known = None
                return NONE, None
            self._sure = True
        fit = known.stencil.fit(frames)
        if fit.length:
            self._attempts, self._due = 0, _FIRST
        return fit, known

    def passed(self) -> None:
        """Take note that frames were read of which nothing was asked."""
        self._sure, self._recent = False, ()

    def missed(self, frames: Sequence[bytes], end: bytes, rules: Rules) -> None:
        """Take note of frames that were read one by one; learn from the last ones."""
        self._sure = False
        recent = [*self._recent, *frames][-2:]
        self._recent = recent if max(map(len, recent)) <= _LONGEST else ()
        self._due -= len(frames)
        if self._recall(rules) or self._due > 0:
            return
        try:
            self._known = self._learn(rules, end) if len(self._recent) > 1 else None
        except Exception:  # noqa: BLE001 - a rule looked at what is not known, in whatever way
            self._known = None
        self._sure = self._known is not None
        self._attempts += 1
        self._due = min(2 ** max(self._attempts - _FIRST, 0), _PATIENCE)

    def _recall(self, rules: Rules) -> bool:
        """Begin with what an earlier stream has learned, if that is so here, too."""
        if self._known is not None or not self._recent:
            return False
        known = self._recalled.recall(self._recent[-1], rules)
        if known is None or not self._holds(known, rules):
            return False
        self._known, self._sure = known, True
        return True

    def _holds(self, known: Known, rules: Rules) -> bool:
        """Whether what was learned is still so, after other frames."""
        if known.rules is not rules or (self._brackets is not None and self._brackets.open_part is not known.part):
            return False
        state, grown = self._reading.frame[self._reading.state], dict(known.grown)
        return all(state[name] == value for name, value in known.state.items() if name not in grown)

    def _learn(self, rules: Rules, end: bytes) -> Known | None:
        """See what comes of frames like the last two."""
        known = self._alike(rules, end, self._recent)
        if known is not None and self._brackets is None:
            recent = self._recent
            self._recalled.learn(known, recent[-1], lambda before: self._alike(rules, end, [before, *recent]))
        return known

    def _alike(self, rules: Rules, end: bytes, frames: Sequence[bytes]) -> Known | None:
        """See what comes of frames like some, of which the last one has just been read."""
        last = frames[-1]
        head = self._framing.head(last, end)
        if head is None or not all(frame.startswith(head) for frame in frames):
            return None
        stencil = Stencil.of(head, [frame[len(head) :] for frame in frames])
        fit = stencil.fit([last]) if stencil is not None else NONE
        if stencil is None or not fit.length:
            return None
        document = orjson.loads(last[len(head) :])
        holes, unknown_document = _with_unknowns(stencil, last)
        return self._made(rules, stencil, document, unknown_document, holes, [column[0] for column in fit.texts])

    def _made(
        self,
        rules: Rules,
        stencil: Stencil,
        document: Any,
        unknown: Any,
        holes: Sequence[Unknown],
        texts: Sequence[str],
    ) -> Known | None:
        """Run the rules on a document with holes, and on one that was there: what comes of both must be the same."""
        state = self._reading.frame[self._reading.state]
        before, after = state, dict(state)
        events = self._reading.on(rules, unknown, after)
        unknown_now = [(name, value) for name, value in after.items() if is_unknown(value)]
        grown = tuple((name, _appended(state[name], value, holes)) for name, value in unknown_now)
        if grown:  # once more with what has grown being unknown as well, for a rule may look at it
            before = {**state, **{name: Unknown(filled=True) for name, _ in grown}}
            after = dict(before)
            events = self._reading.on(rules, unknown, after)
        for name, place in grown:
            if _appended(before[name], after.pop(name), holes) != place:
                return None
        if any(state[name] is not value and state[name] != value for name, value in after.items()):
            return None
        filled = dict(zip(map(id, holes), texts, strict=True))
        if _filled(events, filled) != self._reading.on(rules, document, dict(state)):
            return None
        said = self._said(events, holes)
        if said is None:
            return None
        part, place, tells = said
        return Known(stencil, rules, dict(state), document, part, place, grown, tells)

    def _said(self, events: Sequence[Event], holes: Sequence[Unknown]) -> tuple[OpenPart | None, int, bool] | None:
        """Where the text goes, if that is all that the events say; who only watches need not hear of parts."""
        parts = [event for event in events if event["type"] in PARTS]
        others = [event for event in events if event["type"] not in PARTS]
        if any(event["type"] not in _TIDINGS for event in others):
            return None
        orjson.dumps(others)  # fails on what is unknown
        tells = any(event["type"] == "usage" or "usage" in event for event in others)
        if self._brackets is None:
            return None, 0, tells
        part = self._brackets.continued(parts[0]) if len(parts) == 1 else None
        place = _place(parts[0][part.field], holes) if part is not None else -1
        return (part, place, tells) if place >= 0 else None


def _with_unknowns(stencil: Stencil, frame: bytes) -> tuple[Sequence[Unknown], Any]:
    """The unknown texts in the holes of a stencil, and its document with those and what else is unknown."""
    mark = "hole"
    while mark.encode() in frame:
        mark += "-"
    marks = [f"{mark}{place}." for place in range(len(stencil.holes))]
    kinds = dict(zip(marks, stencil.holes, strict=True))
    unknown = {
        it: Unknown(filled=True) if kind == "text" else Unknown(None) for it, kind in kinds.items() if kind != "blank"
    }
    found: list[str] = []
    document = _planted(stencil.document(marks), unknown, found)
    if sorted(found) != sorted(unknown):  # it stands for a name, or for what another member of that name hides
        raise ValueError
    return [unknown[it] for it in marks if kinds[it] == "text"], document


def _planted(value: Any, unknown: Mapping[str, Unknown], found: list[str]) -> Any:
    if type(value) is dict:
        return {name: _planted(member, unknown, found) for name, member in value.items()}
    if type(value) is list:
        return [_planted(item, unknown, found) for item in value]
    if type(value) is not str or value not in unknown:
        return value
    found.append(value)
    return unknown[value]


def _filled(value: Any, texts: Mapping[int, str]) -> Any:
    """A value with what the unknown texts in it are."""
    if is_unknown(value):
        return "".join([texts[id(piece)] if is_unknown(piece) else piece for piece in pieces_of(value)])
    if type(value) is dict:
        return {name: _filled(member, texts) for name, member in value.items()}
    return [_filled(item, texts) for item in value] if type(value) is list else value


def _place(value: Any, holes: Sequence[Unknown]) -> int:
    """Which of the unknown values this is; -1 if it is none of them."""
    return next((place for place, hole in enumerate(holes) if hole is value), -1)


def _appended(before: Any, after: Any, holes: Sequence[Unknown]) -> int:
    """Which unknown text was appended to a value, and nothing else; raises ValueError."""
    pieces = pieces_of(after) if type(after) is Joined else ()
    if len(pieces) != 2 or pieces[0] is not before or not before:
        raise ValueError
    place = _place(pieces[1], holes)
    if place < 0:
        raise ValueError
    return place
