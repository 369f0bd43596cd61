"""Protocols that are compiled already: who reads a project again compiles only those whose files changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from weakref import WeakValueDictionary

from ..config.document import Document
from ..diagnostics import Diagnostics
from ..protocol import WireProtocol

Compile = Callable[[], WireProtocol]

_HELD: WeakValueDictionary[tuple[object, ...], WireProtocol] = WeakValueDictionary()
"""Protocols and dialects without findings, as long as somebody holds them, by all that they are made of."""


def held(name: str, documents: Mapping[str, Document], diagnostics: Diagnostics, compile: Compile) -> WireProtocol:
    """Give what was compiled of the same files under the same name; `compile` it when nobody holds it."""
    key = (name, *((kind, file.file, file.layer, file.text) for kind, file in documents.items()))
    if found := _HELD.get(key):
        return found
    before = len(diagnostics.items)
    compiled = compile()
    if len(diagnostics.items) == before:
        _HELD[key] = compiled
    return compiled
