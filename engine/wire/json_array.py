"""JSON objects in one array, or one after the other: bytes to frames and back."""

from __future__ import annotations

import re
from typing import Literal

from .frame import Frame, FrameError

_MARK = re.compile(rb'["{}\[\]]')
_QUOTE = re.compile(rb'["\\]')
_BETWEEN = b" \t\r\n,"


class Reader:
    """Cuts the objects out of an array while it comes; objects that no array holds are read likewise.

    Raises FrameError when one passes `cap` bytes. `truncated` is true after `close` when the last object, or the array,
    had no end.
    """

    __slots__ = ("_array", "_cap", "_depth", "_in_text", "_seen", "_tail", "truncated")

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._tail = bytearray()
        self._seen = 0  # how much of the tail was looked at
        self._depth = 0  # of objects and arrays that are open
        self._in_text = False
        self._array: Literal["open", "closed"] | None = None
        self.truncated = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """The objects that `chunk` completes."""
        self._tail += chunk
        frames: list[Frame] = []
        while (end := self._end_of_object()) is not None:
            whole = bytes(self._tail[:end])
            self._drop(end)
            if len(whole) > self._cap:
                raise FrameError(f"an object is longer than {self._cap} bytes")
            frames.append(Frame(None, whole))
        if len(self._tail) > self._cap:
            raise FrameError(f"an object is longer than {self._cap} bytes")
        return frames

    def close(self) -> list[Frame]:
        """What was left without an end; `truncated` is then true."""
        last = bytes(self._tail).strip(_BETWEEN)
        self._drop(len(self._tail))
        self.truncated = bool(last) or self._array == "open"
        return [Frame(None, last)] if last else []

    def _end_of_object(self) -> int | None:
        """Where the first object in the tail ends; nothing when it does not."""
        if not self._seen and not self._begin():
            return None
        tail = self._tail
        while True:
            found = (_QUOTE if self._in_text else _MARK).search(tail, self._seen)
            if found is None:
                self._seen = max(self._seen, len(tail))
                return None
            mark = tail[found.start()]
            self._seen = found.end()
            if mark == ord("\\"):
                self._seen += 1  # whatever is escaped, also when it has not come yet
            elif mark == ord('"'):
                self._in_text = not self._in_text
            elif mark in b"{[":
                self._depth += 1
            else:
                self._depth = max(self._depth - 1, 0)
                if not self._depth:
                    return self._seen

    def _begin(self) -> bool:
        """Drop what stands before an object; whether one begins."""
        self._strip()
        if self._array is None and self._tail.startswith(b"["):
            self._array = "open"
            self._drop(1)
            self._strip()
        if self._array == "open" and self._tail.startswith(b"]"):
            self._array = "closed"
        if self._array == "closed":
            self._drop(len(self._tail))  # nothing belongs behind the array
        return bool(self._tail)

    def _strip(self) -> None:
        self._drop(len(self._tail) - len(self._tail.lstrip(_BETWEEN)))

    def _drop(self, count: int) -> None:
        del self._tail[:count]
        self._seen = 0


def write(event: str | None, data: bytes) -> bytes:  # noqa: ARG001 - all framings are written alike
    """One object; the event name has no place here."""
    return data
