"""Every folder of transforms there is: those that are shipped, and a made-up one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from torouter.config.document import load_document
from torouter.config.sources import BUILTIN
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import WireProtocol, compile_protocol

PROJECT = Path(__file__).parents[2]
_PLACES = (PROJECT / "tests" / "made_up" / "transforms", PROJECT / "transforms")
FOLDERS = {path.parent.name: path.parent for place in _PLACES for path in sorted(place.glob("*/protocol.yaml"))}


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
