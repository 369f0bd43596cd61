"""Finding the scripts: those that are shipped, and those in a user's folder, which come first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..config.document import Where, load_document
from ..config.known import Known
from ..config.schema import SANDBOX
from ..config.sources import BUILTIN, USER
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
    shipped, known = files("torouter.routes") / FOLDER, known or Known(None)
    scripts = {script.name: script for script in _scripts(shipped, f"routes/{FOLDER}", BUILTIN, diagnostics, known)}
    own = {}
    if user is not None:
        own = {s.name: s for s in _scripts(user / FOLDER, str(user / FOLDER), USER, diagnostics, known)}
    return Sandbox([*own.values(), *(script for name, script in scripts.items() if name not in own)])


def _scripts(folder: Traversable, shown: str, layer: str, diagnostics: Diagnostics, known: Known) -> Iterator[Script]:
    """Compile the scripts of one folder, in the order of their names; two that answer to one name are an error."""
    taken: dict[str, Where] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
        if not file.is_file() or not file.name.endswith(_ENDING) or file.name.startswith("."):
            continue
        before = len(diagnostics.items)
        document = load_document(file, f"{shown}/{file.name}", layer, diagnostics, partial(known.get, SANDBOX))
        if document is None:
            continue
        sound = known.get(SANDBOX, document.text) is not None
        script = compile_script(document, file.name.removesuffix(_ENDING), diagnostics, sound=sound)
        if script is None:
            continue
        if len(diagnostics.items) == before:
            known.put(SANDBOX, document.text, document.data, builtin=layer == BUILTIN)
        for index, name in enumerate(script.answers):
            where = document.root.at("answers", index)
            if name in taken:
                message = f'another script answers to "{name}" already'
                label = Label(taken[name].span(), "first answered here")
                diagnostics.error("duplicate-id", where, message, labels=[label])
            taken.setdefault(name, where)
        yield script
