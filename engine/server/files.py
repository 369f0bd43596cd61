"""All files of a gateway as they were at one moment, so that a worker can be made of them when they are no more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from ..config.load import Texts, read_files
from ..config.sources import Source
from ..diagnostics import Diagnostics
from ..sandbox.load import read_scripts
from .nameless import read_whole, write_whole


@dataclass(frozen=True, slots=True)
class Files:
    """What was read: route files and those of protocols, and the scripts of the sandbox."""

    routes: Texts
    scripts: Texts

    @classmethod
    def read(cls, folder: Path | None, diagnostics: Diagnostics) -> Files:
        """Read the built-in files and those of a user; what cannot be read is left out and told."""
        scripts = read_scripts(folder if folder is not None and folder.is_dir() else None, diagnostics)
        return cls(read_files(folder, diagnostics), scripts)

    def keep(self, descriptor: int) -> None:
        """Write all of it into a file. Raises OSError."""
        write_whole(descriptor, orjson.dumps([_plain(self.routes), _plain(self.scripts)]))

    @classmethod
    def kept(cls, descriptor: int) -> Files:
        """Read what was written into a file. Raises OSError and JSONDecodeError."""
        routes, scripts = orjson.loads(read_whole(descriptor))
        return cls(_texts(routes), _texts(scripts))


Plain = list[tuple[str, str, str, str, str | None, str]]


def _plain(texts: Texts) -> Plain:
    return [(it.name, it.file.name, it.layer, it.kind, it.protocol, text) for it, text in texts]


def _texts(plain: Plain) -> Texts:
    return [
        (Source(name, Path(file), layer, kind, protocol), text) for name, file, layer, kind, protocol, text in plain
    ]
