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
        cut = chunk.rfind(b"\n")
        if cut < 0:
            self._hold(chunk)
            return []
        whole = bytes(self._tail) + chunk[:cut]
        self._tail = bytearray()
        self._hold(chunk[cut + 1 :])
        return [self._frame(line) for line in whole.split(b"\n") if line.strip()]

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


def boundary(data: bytes | bytearray, start: int = 0) -> int:
    """The length of the prefix of `data` that ends with a whole line; the search begins at `start`."""
    return data.rfind(b"\n", start) + 1
