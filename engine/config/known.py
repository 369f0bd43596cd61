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
from typing import Any

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
    """

    def __init__(self, folder: FilePath | None) -> None:
        self._folder = folder
        self._reader = _reader() if folder is not None else b""
        self._found = _read(folder / _FILE) if folder is not None else {}
        self._used: dict[str, object] = {}

    def get(self, kind: str, text: str) -> object:
        """The data of a text of a kind; null when it is not known."""
        key = self._key(kind, text)
        found = self._found.get(key)
        if found is not None:
            self._used[key] = found
        return found

    def put(self, kind: str, text: str, data: object) -> None:
        """Note what a text was found to say, unless it would not come back as it is."""
        if self._folder is None:
            return
        with suppress(orjson.JSONEncodeError):
            if repr(orjson.loads(orjson.dumps(data))) == repr(data):
                self._used[self._key(kind, text)] = data

    def approves(self, written: Iterable[Written]) -> bool:
        """Tell whether nothing was found wrong in what is compiled of just these files together."""
        return self._folder is not None and self.get(_TOGETHER, _all(written)) is not None

    def approve(self, written: Iterable[Written]) -> None:
        """Note that nothing is wrong in what is compiled of these files together."""
        self.put(_TOGETHER, _all(written), data=True)

    def keep(self) -> None:
        """Write what was used, if the file holds something else; where that cannot be, all is read next time."""
        if self._folder is None or self._used.keys() == self._found.keys():
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._folder / f"{_FILE}.{os.getpid()}"
            beside.touch(mode=0o600)
            beside.write_bytes(orjson.dumps(self._used))
            beside.replace(self._folder / _FILE)

    def _key(self, kind: str, text: str) -> str:
        return sha256(b"\0".join((self._reader, kind.encode(), text.encode()))).hexdigest()


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
            ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if not ours or stat.S_IMODE(status.st_mode) & 0o022 or status.st_size > _MOST:
                return {}
            found = orjson.loads(source.read())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
