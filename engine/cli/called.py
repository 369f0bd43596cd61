"""How this program was called, so that what it says to type can be typed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

_NAME = "torouter"


def called(command: str, place: Path | None = None, *options: str) -> str:
    """A command line of this program, for the same folder of files."""
    return " ".join([_program(), command, *([str(place)] if place else []), *options])


def _program() -> str:
    """The name of the program; its path where the name alone would not be found."""
    path = Path(sys.argv[0])
    if path.name != _NAME or not path.is_file():
        return _NAME
    found = shutil.which(_NAME)
    return _NAME if found is not None and Path(found).absolute() == path.absolute() else sys.argv[0]
