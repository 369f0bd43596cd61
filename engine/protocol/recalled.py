"""What is known of the frames of a stream, and what one stream may know from those before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import orjson

from ..canonical.open_part import OpenPart
from ..language.stream import Rules
from ..wire.stencil import Stencil

Json = dict[str, Any]


class Known(NamedTuple):
    """What comes of the frames that fit a stencil, as long as the state is what it was.

    The texts of hole `place` go into `part`, and to the end of what the members of `grown` hold. `tells` that they say
    something of the whole again, which is true only until something else is said.
    """

    stencil: Stencil
    rules: Rules
    state: Json
    document: Any
    part: OpenPart | None
    place: int
    grown: tuple[tuple[str, int], ...]
    tells: bool


class Recalled:
    """What streams have learned that are only watched, for those after them.

    The streams of a provider differ in a few values that stay the same in each, such as an id. What frames of two
    streams have in common is learned as what two frames of one have is: with everything unknown in which they differ,
    so that no rule can have looked at it. A stream whose frame fits begins with that, its own values put in. It is for
    streams whose rules are given nothing else to look at.
    """

    __slots__ = ("_frame", "_keep", "_known")

    def __init__(self) -> None:
        self._frame = b""
        self._known: Known | None = None
        self._keep: Sequence[bool] = ()  # the holes that differ within a stream, too

    @property
    def ready(self) -> bool:
        """Whether there is anything to begin with."""
        return self._known is not None

    def learn(self, known: Known, frame: bytes, alike: Callable[[bytes], Known | None]) -> None:
        """Take note of what a stream has learned, and of its last frame; `alike` learns from another's as well."""
        before, self._frame, self._known = self._frame, frame, None
        found = None
        if before and not known.tells:
            with suppress(Exception):  # a rule looked at what is not known, in whatever way
                found = alike(before)
        if found is None or found.tells or found.grown:  # a state that keeps texts is a stream's own
            return
        own, all = known.stencil.places(frame), found.stencil.places(frame)
        if set(own) <= set(all):
            self._known, self._keep = found, [place in own for place in all]

    def recall(self, frame: bytes, rules: Rules) -> Known | None:
        """Give what is known of frames like this one, if the rules are the same."""
        known = self._known
        if known is None or known.rules is not rules:
            return None
        stencil = known.stencil.narrowed(frame, self._keep)
        return known._replace(stencil=stencil, document=orjson.loads(frame[stencil.head :])) if stencil else None
