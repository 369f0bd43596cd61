"""Server-sent events: bytes to frames and back."""

from __future__ import annotations

from .frame import Frame, FrameError

_BOM = b"\xef\xbb\xbf"
_frame = tuple.__new__  # what the class itself does, with one call less


class Reader:
    """Cuts bytes into events, whatever the line endings and wherever the bytes were cut.

    Raises FrameError when an event passes `cap` bytes.
    """

    __slots__ = ("_cap", "_fresh", "_tail", "truncated")

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._tail = bytearray()
        self._fresh = True
        self.truncated = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes."""
        return self.cut(self.take(chunk))

    def take(self, chunk: bytes) -> bytes:
        """The bytes of the frames that `chunk` completes, as they came."""
        if not self._tail and chunk.endswith(b"\n\n"):
            return chunk
        seen = len(self._tail)
        self._tail += chunk
        end = _boundary(self._tail, max(0, seen - 2))
        whole = bytes(memoryview(self._tail)[:end])
        del self._tail[:end]
        if len(self._tail) > self._cap + 4:
            raise FrameError(f"an event is longer than {self._cap} bytes")
        return whole

    @property
    def tail(self) -> bytes:
        """The bytes that wait for the end of their frame."""
        return bytes(self._tail)

    def close(self) -> list[Frame]:
        """What was left without a blank line behind it; `truncated` is then true."""
        rest = bytes(self._tail)
        self._tail.clear()
        frames = self.cut(rest)
        self.truncated = bool(frames) and not _lines(rest).endswith(b"\n\n")
        return frames

    def cut(self, whole: bytes) -> list[Frame]:
        """The frames of bytes that end where a frame ends."""
        if self._fresh and whole:
            self._fresh = False
            whole = whole.removeprefix(_BOM)
        frames = []
        for block in _lines(whole).split(b"\n\n"):
            if len(block) > self._cap:
                raise FrameError(f"an event is longer than {self._cap} bytes")
            if block.startswith(b"data: ") and b"\n" not in block:
                frames.append(_frame(Frame, (None, block[6:])))
            elif block and (frame := _parse(block)):
                frames.append(frame)
        return frames


def write(event: str | None, data: bytes) -> bytes:
    """One event; data of several lines becomes several data lines."""
    if b"\n" in data:
        data = data.replace(b"\n", b"\ndata: ")
    if event is None:
        return b"data: %b\n\n" % data
    return b"event: %b\ndata: %b\n\n" % (event.encode(), data)


def _boundary(data: bytearray, start: int) -> int:
    """The length of the prefix of `data` that ends with a blank line; the search begins at `start`."""
    lf = data.rfind(b"\n\n", start)
    cr = crlf = -1
    if b"\r" in data:
        cr, crlf = data.rfind(b"\r\r", start), data.rfind(b"\n\r\n", start)
    return max(cr + 2 if cr >= 0 else 0, lf + 2 if lf >= 0 else 0, crlf + 3 if crlf >= 0 else 0)


def _lines(data: bytes) -> bytes:
    """The same lines, all ended by LF."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def _parse(block: bytes) -> Frame | None:
    head, _, rest = block.partition(b"\n")
    if head.startswith(b"event: ") and rest.startswith(b"data: ") and b"\n" not in rest:  # by far the most common
        return _frame(Frame, (head[7:].decode("utf-8", "replace"), rest[6:]))
    event: str | None = None
    data: list[bytes] = []
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace") or None
    return Frame(event, b"\n".join(data)) if data else None
