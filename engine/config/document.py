"""YAML with positions: plain data, and for each value and key the place where it stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from ..diagnostics import Diagnostics, Span
from .known import Late
from .marks import Lines, Mark, Path, source_index

if TYPE_CHECKING:
    from .yaml import Parsed

__all__ = ["Document", "Mark", "Path", "Where", "load_document"]

MAX_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Document:
    """One YAML file: its data as plain values and the marks of all its values (`marks`) and keys (`keys`).

    In one that was made of several, `origins` tells of the paths that begin something new where it is written.
    """

    file: str
    layer: str
    text: str
    data: object
    marks: Mapping[Path, Mark]
    keys: Mapping[Path, Mark] = field(default_factory=dict)
    lines: Lines = field(default_factory=lambda: Lines(""))
    origins: Mapping[Path, "Where"] = field(default_factory=dict)

    @property
    def root(self) -> "Where":
        """The place of the whole document."""
        return Where(self, ())

    def span(self, start: int, length: int) -> Span:
        """The span of `length` characters from an index into the text, cut at the end of its line."""
        return self.lines.span(self.file, start, length)


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a document: the value at a path, or the key that names it."""

    document: Document
    path: Path = ()
    on_key: bool = False

    @property
    def value(self) -> object:
        """The data at this place; raises LookupError when there is none."""
        value: Any = self.document.data
        for step in self.path:
            try:
                value = value[step]
            except TypeError:
                raise LookupError(self.path) from None
        return value

    @property
    def exists(self) -> bool:
        """Whether there is anything at this place."""
        try:
            _ = self.value
        except LookupError:
            return False
        return True

    def at(self, *keys: str | int) -> "Where":
        """The place of a member or entry below this one."""
        return Where(self.document, self.path + keys)

    def key(self, name: str) -> "Where":
        """The place where the key of a member is written."""
        return Where(self.document, (*self.path, name), on_key=True)

    def own_key(self) -> "Where":
        """The place where the key that holds this value is written; for list entries, the value's own place."""
        path = self.origin().path
        return Where(self.document, self.path, on_key=bool(path) and isinstance(path[-1], str))

    def origin(self) -> "Where":
        """The place in the file where this is written; this place itself, unless its document was made of several."""
        origins = self.document.origins
        for length in range(len(self.path), -1, -1) if origins else ():
            if found := origins.get(self.path[:length]):
                return Where(found.document, found.path + self.path[length:], self.on_key)
        return self

    def span(self, offset: int = 0, length: int | None = None) -> Span:
        """The span of `length` characters from the character `offset` of the value's text; no length means all.

        A place that is not in the file is reported at the nearest place around it.
        """
        document = self.document
        if document.origins:
            return self.origin().span(offset, length)
        mark = (document.keys if self.on_key else document.marks).get(self.path)
        if mark is None:
            return Where(document, self.path[:-1]).own_key().span() if self.path else Span(document.file, 1, 1)
        if not mark.scalar:
            return document.span(mark.start, 1)
        value = self.path[-1] if self.on_key else self.value
        text = value if isinstance(value, str) else document.text[mark.start : mark.end]
        if offset == 0 and length is None:
            return document.span(mark.start, mark.end - mark.start)
        start = source_index(document.text, mark, text, offset)
        end = source_index(document.text, mark, text, offset + (length or len(text) - offset))
        return document.span(start, end - start)


_HELD: WeakValueDictionary[tuple[str, str, str], Document] = WeakValueDictionary()
"""Documents without findings, as long as somebody holds them: who reads a project again parses only what changed."""


def load_document(
    source: str | Traversable,
    file: str,
    layer: str,
    diagnostics: Diagnostics,
    known: Callable[[str], object] | None = None,
) -> Document | None:
    """Read a file, or text, into a document named `file`; nothing when it cannot be read at all.

    All that is wrong is added to `diagnostics`. `known` gives the data of a text that was found right before: its
    places are read when they are asked for.
    """
    text = source if isinstance(source, str) else read_text(source, file, diagnostics)
    if text is None:
        return None
    diagnostics.sources[file] = text
    if held := _HELD.get((file, layer, text)):
        return held
    if known is not None and (data := known(text)) is not None:
        return _HELD.setdefault((file, layer, text), _late(text, file, layer, data))
    from .yaml import parse  # the library is only there for files that are not known

    before = len(diagnostics.items)
    parsed = parse(text, file, diagnostics)
    if parsed is None:
        return None
    document = Document(file, layer, text, parsed.data, parsed.marks, parsed.keys, Lines(text))
    if len(diagnostics.items) == before:
        _HELD[file, layer, text] = document
    return document


def _late(text: str, file: str, layer: str, data: object) -> Document:
    @cache
    def parsed() -> "Parsed":
        from .yaml import Parsed, parse

        return parse(text, file, Diagnostics()) or Parsed()

    return Document(file, layer, text, data, Late(lambda: parsed().marks), Late(lambda: parsed().keys), Lines(text))


def read_text(path: Traversable, file: str, diagnostics: Diagnostics) -> str | None:
    """The text of a file that is named `file` in what is told; nothing when it cannot be read at all."""
    try:
        data = path.read_bytes()
    except OSError as error:
        diagnostics.error("unreadable-file", Span(file, 1, 1), f"the file cannot be read: {error.strerror}")
        return None
    if len(data) > MAX_BYTES:
        diagnostics.error("unreadable-file", Span(file, 1, 1), f"the file is larger than {MAX_BYTES} bytes")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        diagnostics.error("unreadable-file", Span(file, line, 1), "the file is not UTF-8 text")
        return None
