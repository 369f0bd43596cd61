"""Every folder of transforms for generation that can be spoken both ways: those that are shipped, and a made-up one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from torouter.config.document import load_document
from torouter.config.sources import BUILTIN
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import WireProtocol, compile_protocol

PROJECT = Path(__file__).parents[2]
_PLACES = (PROJECT / "tests" / "made_up" / "transforms", PROJECT / "transforms")
_WAYS = [f"{what}.{way}.yaml" for what in ("request", "response", "stream", "error") for way in ("decode", "encode")]
_FOUND = [path.parent for place in _PLACES for path in sorted(place.glob("*/protocol.yaml"))]
_SUBJECT = re.compile(r"^subject: (?!generation)", re.MULTILINE)


def _generates(folder: Path) -> bool:
    whole = all((folder / way).exists() for way in _WAYS)
    return whole and not _SUBJECT.search((folder / "protocol.yaml").read_text("utf-8"))


FOLDERS = {folder.name: folder for folder in _FOUND if _generates(folder)}


@cache
def protocol(name: str) -> WireProtocol:
    """Compile one folder; it must be sound."""
    found = Diagnostics()
    files = {
        path.name.removesuffix(".yaml"): load_document(path, str(path.relative_to(PROJECT)), BUILTIN, found)
        for path in FOLDERS[name].glob("*.yaml")
    }
    compiled = compile_protocol(name, {kind: file for kind, file in files.items() if file is not None}, found)
    assert not found.failed, render_terminal(found)
    return compiled
