"""Finding the scripts: those that are shipped, and those in a user's folder, which come first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..config.document import Where, load_document
from ..config.known import Known
from ..config.load import Texts, read_all
from ..config.schema import SANDBOX
from ..config.sources import BUILTIN, USER, Source
from ..diagnostics import Diagnostics, Label
from .sandbox import Sandbox
from .script import Script, compile_script

FOLDER = "sandbox"
_ENDING = ".yaml"


def load_sandbox(diagnostics: Diagnostics, user: Path | None = None, known: Known | None = None) -> Sandbox:
    """Compile all scripts; `user` is a folder of route files that may hold a folder of scripts, or one file.

    A user's script replaces the shipped one of the same file name. What is wrong is added to `diagnostics`;
    `known` tells what files said when they were loaded before.
    """
    return sandbox_of(read_scripts(user, diagnostics), diagnostics, known or Known(None))


def read_scripts(user: Path | None, diagnostics: Diagnostics) -> Texts:
    """Read all scripts, as `load_sandbox` does; what cannot be read is left out."""
    sources = [*_sources(files("torouter.routes") / FOLDER, f"routes/{FOLDER}", BUILTIN)]
    sources += _sources(user / FOLDER, str(user / FOLDER), USER) if user is not None else ()
    return read_all(sources, diagnostics)


def sandbox_of(texts: Texts, diagnostics: Diagnostics, known: Known) -> Sandbox:
    """Compile scripts that were read."""
    layers = {layer: [(it, text) for it, text in texts if it.layer == layer] for layer in (USER, BUILTIN)}
    own, scripts = ({it.name: it for it in _scripts(found, diagnostics, known)} for found in layers.values())
    return Sandbox([*own.values(), *(script for name, script in scripts.items() if name not in own)])


def _sources(folder: Traversable, shown: str, layer: str) -> Iterator[Source]:
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
        if file.is_file() and file.name.endswith(_ENDING) and not file.name.startswith("."):
            yield Source(f"{shown}/{file.name}", file, layer, SANDBOX)


def _scripts(texts: Texts, diagnostics: Diagnostics, known: Known) -> Iterator[Script]:
    """Compile the scripts of one folder, in the order of their names; two that answer to one name are an error."""
    taken: dict[str, Where] = {}
    for source, text in texts:
        before = len(diagnostics.items)
        document = load_document(text, source.name, source.layer, diagnostics, partial(known.get, SANDBOX))
        if document is None:
            continue
        sound = known.get(SANDBOX, document.text) is not None
        script = compile_script(document, source.file.name.removesuffix(_ENDING), diagnostics, sound=sound)
        if script is None:
            continue
        if len(diagnostics.items) == before:
            known.put(SANDBOX, document.text, document.data, builtin=source.layer == BUILTIN)
        for index, name in enumerate(script.answers):
            where = document.root.at("answers", index)
            if name in taken:
                message = f'another script answers to "{name}" already'
                label = Label(taken[name].span(), "first answered here")
                diagnostics.error("duplicate-id", where, message, labels=[label])
            taken.setdefault(name, where)
        yield script
