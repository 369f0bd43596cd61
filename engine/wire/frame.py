"""One frame of a stream, and what goes wrong with frames."""

from __future__ import annotations

from typing import NamedTuple


class Frame(NamedTuple):
    """The data of one frame, and the event name that came with it."""

    event: str | None
    data: bytes


class FrameError(Exception):
    """A frame passed the cap of the reader."""
