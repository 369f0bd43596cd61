"""What files said when they were read before: plain data by what they consist of, kept in one file between starts.

Reading YAML with the place of each value takes long; a file that has been found right need not be read for its places.
Nor need all that files say be compiled to see whether it is right when just these files have been found right together.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path as FilePath
from typing import Any, Self

import orjson

from .marks import Mark, Path

_FILE = "documents.json"
_MOST = 16 * 1024 * 1024
_TOGETHER = "together"

# What decides what a document says and whether it is right, in this package; of the schemas those of files.
_PROGRAM = ("canonical", "compile", "config", "language", "protocol", "sandbox", "wire")
_SCHEMAS = ("canonical", "transform")


Written = tuple[str, str, str]
"""A file: the layer it belongs to, its name, its text."""


class Known:
    """The data of documents without findings, by their text, their kind and the program that reads them.

    `folder` is where it is kept; without one nothing is known. A file that somebody else could have written is ignored.
    What built-in files say is kept in `shared`, for all users' folders, if there is such a place.
    """

    _file = _FILE

    def __init__(self, folder: FilePath | None, shared: Shared | None = None) -> None:
        self._folder = folder
        self._shared = shared
        self._reader = _reader() if folder is not None else b""
        self._found = _read(folder / self._file) if folder is not None else {}
        self._used: dict[str, object] = {}

    def get(self, kind: str, text: str) -> object:
        """The data of a text of a kind; null when it is not known."""
        key = self._key(kind, text)
        found = self._found.get(key)
        if found is not None:
            self._used[key] = found
        elif self._shared is not None:
            return self._shared.get(kind, text)
        return found

    def put(self, kind: str, text: str, data: object, *, builtin: bool = False) -> None:
        """Note what a text was found to say, in a built-in file or a user's, unless it would not come back as it is."""
        if self._shared is not None and builtin:
            self._shared.put(kind, text, data)
            return
        if self._folder is None:
            return
        with suppress(orjson.JSONEncodeError):
            if repr(orjson.loads(orjson.dumps(data))) == repr(data):
                self._used[self._key(kind, text)] = data

    def approves(self, written: Iterable[Written]) -> bool:
        """Tell whether nothing was found wrong in what is compiled of just these files together."""
        return self._folder is not None and self.get(_TOGETHER, _all(written)) is not None

    def approve(self, written: Iterable[Written], *, builtin: bool = False) -> None:
        """Note that nothing is wrong in what is compiled of these files together."""
        self.put(_TOGETHER, _all(written), data=True, builtin=builtin)

    def keep(self) -> None:
        """Write what was used, if the file holds something else; where that cannot be, all is read next time."""
        if self._shared is not None:
            self._shared.keep()
        if self._folder is None or self._used.keys() == self._found.keys():
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._folder / f"{self._file}.{os.getpid()}"
            beside.touch(mode=0o600)
            beside.write_bytes(orjson.dumps(self._used))
            beside.replace(self._folder / self._file)

    def _key(self, kind: str, text: str) -> str:
        return sha256(b"\0".join((self._reader, kind.encode(), text.encode()))).hexdigest()


class Shared(Known):
    """What built-in files say, beside the program: one file for all folders, as long as the program stays the same."""

    def __init__(self, folder: FilePath) -> None:
        self._file = f"built-in-{_reader().hex()[:16]}.json"
        super().__init__(folder)

    @classmethod
    def beside(cls) -> Self | None:
        """Give the one of this program; nothing where its folder can neither be written nor has been."""
        folder = FilePath(str(files(__package__.rpartition(".")[0]))) / "__pycache__"
        shared = cls(folder)
        return shared if shared._found or os.access(folder if folder.exists() else folder.parent, os.W_OK) else None

    def keep(self) -> None:
        """Write what is new, beside what others have used; what another version of the program knew is forgotten."""
        if self._used.keys() <= self._found.keys():
            return
        self._used = {**self._found, **self._used}
        super().keep()
        assert self._folder is not None
        with suppress(OSError):
            for other in self._folder.glob("built-in-*.json"):
                if other.name != self._file:
                    other.unlink()


class Late(Mapping[Path, Mark]):
    """The marks of a document that are read only when somebody asks for a place in it."""

    __slots__ = ("_marks",)

    def __init__(self, marks: Callable[[], Mapping[Path, Mark]]) -> None:
        self._marks = cache(marks)

    def __getitem__(self, path: Path) -> Mark:
        return self._marks()[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._marks())

    def __len__(self) -> int:
        return len(self._marks())


def _all(written: Iterable[Written]) -> str:
    return "\0".join(part for file in written for part in file)


@cache
def _reader() -> bytes:
    """A hash of all that decides what a document says and whether it is right."""
    found = sha256()
    package, schemas = files(__package__.rpartition(".")[0]), files("torouter.schema")
    for place in (package, schemas, *map(schemas.joinpath, _SCHEMAS)):
        for text in _texts(place):
            found.update(text)
    for name in _PROGRAM:
        for text in _texts(package / name, below=True):
            found.update(text)
    return found.digest()


def _texts(place: Traversable, *, below: bool = False) -> Iterator[bytes]:
    """The programs and schemas in a folder and, if asked for, in the packages below it."""
    for entry in sorted(place.iterdir(), key=lambda it: it.name):
        if entry.name.endswith((".py", ".json")):
            yield entry.read_bytes()
        elif below and not entry.name.startswith("_") and entry.is_dir():
            yield from _texts(entry, below=True)


def _read(file: FilePath) -> dict[str, Any]:
    """What the file holds; nothing when it is missing, broken, too large, or not ours alone."""
    try:
        with file.open("rb") as source:
            status = os.fstat(source.fileno())
            ours = not hasattr(os, "getuid") or status.st_uid in {0, os.getuid()}
            if not ours or stat.S_IMODE(status.st_mode) & 0o022 or status.st_size > _MOST:
                return {}
            found = orjson.loads(source.read())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
