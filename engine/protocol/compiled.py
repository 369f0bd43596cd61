"""A protocol made of its folder: at once, telling what is wrong, or bit by bit as it is used."""

from __future__ import annotations

from collections.abc import Mapping

from ..config.document import Document
from ..diagnostics import Diagnostics
from ..language.origins import Origins
from .folder import Folder
from .late import late
from .wire_protocol import WireProtocol


def compile_protocol(
    name: str, documents: Mapping[str, Document], diagnostics: Diagnostics, origins: Origins | None = None
) -> WireProtocol:
    """Compile one folder; `documents` are its files by kind (`FILES`).

    With `origins` its runs also note where what they make is written.
    """
    folder = Folder(name, documents, diagnostics, origins)
    compiled = folder.compile()
    folder.report_unused()
    return compiled


def late_protocol(name: str, documents: Mapping[str, Document]) -> WireProtocol:
    """Give the protocol of a folder of which nothing is wrong; each file is compiled when it is first used."""
    return Folder(name, documents, Diagnostics(), sound=True).compile(late)
