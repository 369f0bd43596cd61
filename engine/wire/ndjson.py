"""One JSON document a line: bytes to frames and back."""

from __future__ import annotations

from .frame import Frame, FrameError


class Reader:
    """Cuts bytes into lines; blank lines are nothing.

    Raises FrameError when a line passes `cap` bytes.
    """

    __slots__ = ("_cap", "_tail", "truncated")

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._tail = bytearray()
        self.truncated = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes."""
        return self.cut(self.take(chunk))

    def take(self, chunk: bytes) -> bytes:
        """The bytes of the frames that `chunk` completes, as they came."""
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._hold(chunk)
            return b""
        whole = bytes(self._tail) + chunk[:end]
        self._tail = bytearray()
        self._hold(chunk[end:])
        return whole

    def cut(self, whole: bytes) -> list[Frame]:
        """The frames of bytes that end where a line ends."""
        return [self._frame(line) for line in whole.split(b"\n") if line.strip()]

    @property
    def tail(self) -> bytes:
        """The bytes that wait for the end of their line."""
        return bytes(self._tail)

    def close(self) -> list[Frame]:
        """The last line when it had no line end; `truncated` is then true."""
        last = bytes(self._tail)
        self._tail = bytearray()
        if not last.strip():
            return []
        self.truncated = True
        return [self._frame(last)]

    def _hold(self, data: bytes) -> None:
        self._tail += data
        if len(self._tail) > self._cap:
            raise FrameError(f"a line is longer than {self._cap} bytes")

    def _frame(self, line: bytes) -> Frame:
        if len(line) > self._cap:
            raise FrameError(f"a line is longer than {self._cap} bytes")
        return Frame(None, line.strip())


def write(event: str | None, data: bytes) -> bytes:  # noqa: ARG001 - all framings are written alike
    """One line; the event name has no place here."""
    return data + b"\n"
