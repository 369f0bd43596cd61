"""Forms: read as far as the model's name, then sent on as they arrive; only that name ever changes.

A form is never whole in memory. What stands before the model's name is kept, on disk where it is large; the rest passes
from one connection to the other. A target that speaks another protocol needs the form as a document: up to a bound.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from typing import Any

from ..wire.multipart import FormError, Part, Reader, boundary_of
from .errors import Problem
from .spool import Budget, Spool

DISK = 1024 * 1024 * 1024
"""Bytes that one worker keeps on disk at most, of all forms whose model comes late."""

MEMORY = 256 * 1024 * 1024
"""Bytes of forms that one worker holds as documents at most."""

DOCUMENT = 20 * 1024 * 1024
"""The largest form that becomes a document."""

_MAX_FIELD = 64 * 1024

Document = dict[str, Any]


class Keeping:
    """What one worker keeps of all forms together."""

    def __init__(self) -> None:
        self.disk = Budget(DISK)
        self.memory = Budget(MEMORY)


class Form:
    """One form on its way. `fields` are the texts that have come so far; `model` is the name that was read.

    `spent` is true once something of the client's bytes went on that is not kept, `whole` once it has become a
    document, `fault` is what was wrong with the bytes.
    """

    def __init__(
        self, content_type: str, length: int, source: AsyncIterator[bytes], member: str, keeping: Keeping
    ) -> None:
        try:
            self._reader = Reader(boundary_of(content_type))
        except FormError as fault:
            raise _malformed(fault) from fault
        self.media_type = content_type
        self.fields: Document = {}
        self.model: bytes | None = None
        self.sent_model: bytes | None = None
        self.spent = False
        self.whole = False
        self.fault: Problem | None = None
        self._length = length
        self._source = source
        self._member = member
        self._keeping = keeping
        self._spool = Spool(keeping.disk)
        self._at = 0  # the place of the model's name among what is kept
        self._part: Part | None = None
        self._text = bytearray()
        self._held = 0

    @property
    def length(self) -> int:
        """How many bytes go upstream."""
        read, sent = self.model or b"", self.sent_model
        return self._length if sent is None else self._length - len(read) + len(sent)

    async def find_model(self) -> None:
        """Read, and keep, as much as it takes to know the model. Raises Problem."""
        async for chunk in self._source:
            await self._keep(self._take(chunk))
            if self.model is not None and not self._in_model():
                return
        self._end()

    async def document(self) -> Document:
        """The whole form: text as it is, a file as its `data` in base64, `media_type` and `name`; repeated, a list.

        Raises Problem when the form is too large for that.
        """
        if self._length > DOCUMENT:
            message = f"The model's provider takes forms of at most {DOCUMENT} bytes."
            raise Problem("too_large", message, code="form_too_large")
        self._keeping.memory.take(self._length)
        self._held = self._length
        async for chunk in self._source:
            await self._keep(self._take(chunk))
        self._end()
        self.whole = True
        reader, found = Reader(boundary_of(self.media_type)), _Gathered()
        async for chunk in self._kept(self.model or b""):
            for piece in reader.feed(chunk):
                found.take(piece.kind, piece.part, piece.raw)
        return found.document()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes that go upstream: what was kept, with the model's name, then the rest as it arrives."""
        try:
            async for chunk in self._kept(self.sent_model if self.sent_model is not None else self.model or b""):
                yield chunk
            async for chunk in self._source:
                self.spent = True
                yield b"".join(raw for raw, _ in self._take(chunk))
            self._end()
        except Problem as fault:
            self.fault = fault
            raise

    def close(self) -> None:
        """Let go of all that is kept."""
        self._spool.close()
        self._keeping.memory.give(self._held)
        self._held = 0

    async def _keep(self, pieces: Sequence[tuple[bytes, bool]]) -> None:
        for raw, is_model in pieces:
            if is_model:
                self._at = self._spool.size
            else:
                await self._spool.write(raw)

    async def _kept(self, model: bytes) -> AsyncIterator[bytes]:
        async for block in self._spool.read(0, self._at):
            yield block
        if model:
            yield model
        async for block in self._spool.read(self._at, self._spool.size):
            yield block

    def _take(self, chunk: bytes) -> list[tuple[bytes, bool]]:
        """Read some bytes: what goes on of them, and whether it is the model's name. Raises Problem."""
        out: list[tuple[bytes, bool]] = []
        try:
            for piece in self._reader.feed(chunk):
                if piece.kind == "frame":
                    self._close_part()
                    self._open_part(piece.part)
                    out.append((piece.raw, False))
                    continue
                in_model = self._in_model()
                if self._part is not None and self._part.file is None:
                    self._text += piece.raw
                    if len(self._text) > _MAX_FIELD:
                        raise Problem("too_large", f"A field of the form is larger than {_MAX_FIELD} bytes.")
                if in_model:
                    self.model = bytes(self._text)
                out.append((piece.raw, in_model))
        except FormError as fault:
            raise _malformed(fault) from fault
        return out

    def _in_model(self) -> bool:
        return self._part is not None and self._part.name == self._member

    def _open_part(self, part: Part | None) -> None:
        self._part = part
        if part is None or part.name != self._member:
            return
        if self.model is not None or part.file is not None:
            message = f"The form has {self._member!r} twice." if self.model is not None else "The model is a file."
            raise Problem("invalid_request", message, param=self._member, code="duplicate_key")
        self.model = b""

    def _close_part(self) -> None:
        """Note the text of the part that is over."""
        if self._part is not None and self._part.file is None:
            try:
                _add(self.fields, self._part.name, self._text.decode())
            except UnicodeDecodeError as fault:
                message = "A field of the form is not valid UTF-8."
                raise Problem("invalid_request", message, param=self._part.name[:64]) from fault
        self._part = None
        self._text.clear()

    def _end(self) -> None:
        try:
            self._reader.close()
        except FormError as fault:
            raise _malformed(fault) from fault


class _Gathered:
    """The parts of a form as they are read for the second time, now with their files."""

    def __init__(self) -> None:
        self._document: Document = {}
        self._part: Part | None = None
        self._content = bytearray()

    def take(self, kind: str, part: Part | None, raw: bytes) -> None:
        """Take the next piece."""
        if kind == "data":
            self._content += raw
            return
        self._close()
        self._part = part

    def document(self) -> Document:
        """The form as a document."""
        self._close()
        return self._document

    def _close(self) -> None:
        part, content = self._part, bytes(self._content)
        self._part = None
        self._content.clear()
        if part is None:
            return
        if part.file is None:
            _add(self._document, part.name, content.decode())
            return
        file = {"data": base64.b64encode(content).decode("ascii"), "media_type": part.media_type, "name": part.file}
        _add(self._document, part.name, {name: value for name, value in file.items() if value})


def _add(document: Document, name: str, value: object) -> None:
    """Add a field; one that comes again makes a list."""
    before = document.get(name)
    if name not in document:
        document[name] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        document[name] = [before, value]


def _malformed(fault: FormError) -> Problem:
    return Problem("invalid_request", f"The form is malformed: {fault}.", code="invalid_form")
