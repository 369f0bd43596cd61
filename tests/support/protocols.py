"""The shipped protocol folders, compiled without any routes."""

from __future__ import annotations

from functools import cache

from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import WireProtocol, compile_protocol

from tests.support.corpus import PROJECT


@cache
def protocol(name: str) -> WireProtocol:
    """Compile transforms/<name>; a mistake in it is shown as `validate` would show it."""
    found = Diagnostics()
    documents = {}
    for file in sorted((PROJECT / "transforms" / name).glob("*.yaml")):
        document = load_document(file, str(file.relative_to(PROJECT)), "built-in", found)
        if document is not None:
            documents[file.name.removesuffix(".yaml")] = document
    compiled = compile_protocol(name, documents, found)
    if found.failed:
        raise AssertionError(render_terminal(found))
    return compiled
