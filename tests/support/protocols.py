"""The shipped protocol folders, compiled without any routes."""

from __future__ import annotations

from functools import cache

from torouter.config.document import Document, load_document
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import WireProtocol, compile_dialect, compile_protocol

from tests.support.corpus import PROJECT, Exchange


@cache
def protocol(name: str) -> WireProtocol:
    """Compile transforms/<name>; a mistake in it is shown as `validate` would show it."""
    found = Diagnostics()
    compiled = compile_protocol(name, _files(name, found), found)
    if found.failed:
        raise AssertionError(render_terminal(found))
    return compiled


@cache
def dialect(name: str) -> WireProtocol:
    """Compile transforms/dialects/<name>.yaml; a mistake in it is shown as `validate` would show it."""
    found = Diagnostics()
    document = _files("dialects", found)[name]
    base = document.root.at("protocol").value
    assert isinstance(base, str)
    compiled = compile_dialect(document, _files(base, found), protocol(base), found)
    if found.failed:
        raise AssertionError(render_terminal(found))
    return compiled


def spoken(exchange: Exchange) -> WireProtocol:
    """What the service of a recording speaks."""
    return dialect(exchange.speaks) if exchange.speaks else protocol(exchange.protocol)


def _files(folder: str, found: Diagnostics) -> dict[str, Document]:
    documents = {}
    for file in sorted((PROJECT / "transforms" / folder).glob("*.yaml")):
        document = load_document(file, str(file.relative_to(PROJECT)), "built-in", found)
        if document is not None:
            documents[file.name.removesuffix(".yaml")] = document
    return documents
