"""Form bodies, part by part, as their bytes arrive; what two readers could understand differently is refused.

The raw bytes of all that a reader gives are, in order, the bytes that it took: whoever writes them again changes
nothing but what it wants to change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

MEDIA_TYPE = "multipart/form-data"

_BOUNDARY = re.compile(r"[A-Za-z0-9'()+_,\-./:=? ]{0,69}[A-Za-z0-9'()+_,\-./:=?]")
_PARAMETER = re.compile(r';[ \t]*([A-Za-z0-9!#$%&\'*+.^_`|~-]+)=("(?:[^"\\]|\\.)*"|[A-Za-z0-9!#$%&\'*+.^_`|~-]+)[ \t]*')
_HEADER = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}):[ \t]*([\x20\t\x21-\x7e\x80-\xff]*?)[ \t]*")
_NAME = re.compile(r"[^\x00-\x1f\x7f\"\\]{1,256}")
_PLAIN_CODINGS = frozenset({"7bit", "8bit", "binary"})
_CLOSE = b"--"
_LINE = b"\r\n"


class FormError(Exception):
    """The body is not a form that can be read in one way only."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many parts a form has at most, and how many bytes the head of one."""

    parts: int = 100
    head: int = 4096


@dataclass(frozen=True, slots=True)
class Part:
    """The head of a part; a part with a file's name is a file."""

    name: str
    file: str | None = None
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some raw bytes: `data` of a part, or the `frame` around it; `closed` where that frame ended the part before."""

    kind: Literal["frame", "data"]
    raw: bytes
    part: Part | None = None
    closed: bool = False


def boundary_of(content_type: str) -> bytes:
    """The boundary that a content type names. Raises FormError when it is not that of a form, or names no legal one."""
    media_type, _, _ = content_type.partition(";")
    if media_type.strip().lower() != MEDIA_TYPE:
        raise FormError("the body is not a form")
    found = _parameters(content_type[len(media_type) :]).get("boundary", "")
    if _BOUNDARY.fullmatch(found) is None:
        raise FormError("the content type names no legal boundary")
    return found.encode("ascii")


class Reader:
    """Cuts a form into pieces. `over` is true once its last boundary has been read."""

    def __init__(self, boundary: bytes, bounds: Bounds = Bounds()) -> None:
        self.over = False
        self._delimiter = _LINE + b"--" + boundary
        self._bounds = bounds
        self._buffer = bytearray()
        self._frame = bytearray()  # the bytes around parts that no piece has given yet
        self._part: Part | None = None
        self._parts = 0
        self._state = self._start

    def feed(self, chunk: bytes) -> list[Piece]:
        """Take the next bytes and give what they complete. Raises FormError."""
        self._buffer += chunk
        pieces: list[Piece] = []
        while self._state(pieces):
            pass
        return pieces

    def close(self) -> None:
        """End the form. Raises FormError when it is not whole."""
        if not self.over:
            raise FormError("the form ends before its last boundary")

    def _start(self, pieces: list[Piece]) -> bool:  # noqa: ARG002 - one signature for all states
        """The first boundary stands at the very beginning, without the line end that others have."""
        wanted = self._delimiter[len(_LINE) :]
        if not wanted.startswith(self._buffer[: len(wanted)]):
            raise FormError("the form does not begin with its boundary")
        if len(self._buffer) < len(wanted):
            return False
        self._take(len(wanted))
        self._state = self._behind
        return True

    def _behind(self, pieces: list[Piece]) -> bool:
        """Behind a boundary: a line end and a part, or the mark of the end."""
        if len(self._buffer) < len(_LINE):
            return False
        mark = bytes(self._buffer[: len(_LINE)])
        self._take(len(mark))
        if mark == _CLOSE:
            self.over = True
            self._give(pieces)
            self._state = self._after
        elif mark == _LINE:
            self._state = self._head
        else:
            raise FormError("a boundary is followed by something else than a line end")
        return True

    def _head(self, pieces: list[Piece]) -> bool:
        """The headers of a part, up to an empty line."""
        end = self._buffer.find(_LINE * 2, 0, self._bounds.head + 4)
        if end < 0:
            if len(self._buffer) >= self._bounds.head:
                raise FormError("the head of a part is too long")
            return False
        closed = self._part is not None
        self._parts += 1
        if self._parts > self._bounds.parts:
            raise FormError("the form has too many parts")
        part = read_head(bytes(self._buffer[:end]))
        self._take(end + 2 * len(_LINE))
        self._part = part
        pieces.append(Piece("frame", bytes(self._frame), part, closed))
        self._frame.clear()
        self._state = self._data
        return True

    def _data(self, pieces: list[Piece]) -> bool:
        """The content of a part, up to the line end before a boundary."""
        buffer, delimiter = self._buffer, self._delimiter
        found = buffer.find(delimiter[len(_LINE) :])
        if found < 0:
            self._content(len(buffer) - _held(buffer, delimiter), pieces)
            return False
        end = found - len(_LINE)
        if end < 0 or not buffer.startswith(_LINE, end):
            raise FormError("a boundary does not begin a line")
        self._content(end, pieces)
        self._take(len(delimiter))
        self._state = self._behind
        return True

    def _after(self, pieces: list[Piece]) -> bool:
        """Behind the last boundary stands a line end, or nothing."""
        if not _LINE.startswith(self._frame + self._buffer) and self._buffer:
            raise FormError("something follows the last boundary")
        if self._buffer:
            pieces.append(Piece("frame", bytes(self._buffer)))
            self._frame += self._buffer
            self._buffer.clear()
        return False

    def _content(self, length: int, pieces: list[Piece]) -> None:
        if length:
            pieces.append(Piece("data", bytes(self._buffer[:length]), self._part))
            del self._buffer[:length]

    def _take(self, length: int) -> None:
        self._frame += self._buffer[:length]
        del self._buffer[:length]

    def _give(self, pieces: list[Piece]) -> None:
        pieces.append(Piece("frame", bytes(self._frame), None, self._part is not None))
        self._frame.clear()


def read_head(head: bytes) -> Part:
    """The part that its headers describe. Raises FormError."""
    headers: dict[str, str] = {}
    for line in head.split(_LINE):
        found = _HEADER.fullmatch(line)
        if found is None:
            raise FormError("a header of a part is malformed")
        name = found[1].decode("ascii").lower()
        if name in headers:
            raise FormError("a header of a part comes twice")
        try:
            headers[name] = found[2].decode("utf-8")
        except UnicodeDecodeError as fault:
            raise FormError("a header of a part is not valid UTF-8") from fault
    if headers.get("content-transfer-encoding", "binary").lower() not in _PLAIN_CODINGS:
        raise FormError("a part is encoded")
    kind, _, _ = headers.get("content-disposition", "").partition(";")
    if kind.strip().lower() != "form-data":
        raise FormError("a part does not say which field it is")
    named = _parameters(headers["content-disposition"][len(kind) :])
    if "name*" in named or _NAME.fullmatch(named.get("name", "")) is None:
        raise FormError("the name of a part is malformed")
    file = named.get("filename", named.get("filename*"))
    return Part(named["name"], file, headers.get("content-type"))


def _parameters(text: str) -> dict[str, str]:
    """The parameters behind a header's value; a name comes once. Raises FormError."""
    found: dict[str, str] = {}
    end = 0
    while end < len(text):
        match = _PARAMETER.match(text, end)
        if match is None or match[1].lower() in found:
            raise FormError("the parameters of a header are malformed")
        name, value = match[1].lower(), match[2]
        # What is escaped in a field's name stays so, and is refused there: not every reader undoes it.
        plain = value[1:-1] if value.startswith('"') else value
        found[name] = plain if name == "name" else re.sub(r"\\(.)", r"\1", plain)
        end = match.end()
    return found


def _held(buffer: bytearray, delimiter: bytes) -> int:
    """How many bytes at the end of `buffer` may be the beginning of a delimiter, or of one without its line end."""
    bare = delimiter[len(_LINE) :]
    longest = min(len(buffer), len(delimiter) - 1)
    ends = (bytes(buffer[-length:]) for length in range(longest, 0, -1))
    return next((len(end) for end in ends if delimiter.startswith(end) or bare.startswith(end)), 0)
