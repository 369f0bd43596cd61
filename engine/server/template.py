"""What workers are made of: the files, loaded and compiled before any worker is."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ..compile import compile_project
from ..compile.snapshot import Snapshot
from ..config.known import Known, Shared
from ..config.load import Project, load_known_project, load_project
from ..config.sources import BUILTIN
from ..diagnostics import Diagnostics, render_terminal
from ..sandbox.load import load_sandbox
from ..sandbox.sandbox import Sandbox
from ..sandbox.transport import SandboxTransport
from ..store import state_folder
from ..upstream.client import Transport
from ..upstream.transports import transports
from .child import result
from .reload import for_good


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that files say: the snapshot, and the scripts of the sandbox."""

    snapshot: Snapshot
    sandbox: Sandbox

    def transports(self) -> dict[str, Transport]:
        """Every way to reach a provider, by the name that providers use."""
        return {**transports(self.snapshot.settings.max_connections), "sandbox": self.scripted()}

    def scripted(self) -> Transport:
        """The way to the providers that answer from scripts."""
        return SandboxTransport(self.sandbox, self.snapshot.protocols)


def load(folder: Path | None, diagnostics: Diagnostics) -> Loaded | None:
    """Load and compile the built-in files and those of a user; None when `diagnostics` says why that failed."""
    known = _known(folder)
    project = load_project(folder, diagnostics, known=known)
    before = len(diagnostics.items)
    loaded = _compiled(project, folder, diagnostics, known)
    if loaded is not None and len(diagnostics.items) == before:  # what was found before is found each time
        for files in ([(it.layer, it.file, it.text) for it in project.documents], *project.parts().values()):
            known.approve(files, builtin=all(layer == BUILTIN for layer, _, _ in files))
    known.keep()
    return loaded


def load_known(folder: Path | None, diagnostics: Diagnostics) -> Loaded | None:
    """Load the files if they are known to be right; None when they are not, and nothing is said of them then."""
    known = _known(folder)
    project = load_known_project(folder, diagnostics, known)
    return None if project is None else _compiled(project, folder, diagnostics, known)


def _known(folder: Path | None) -> Known:
    return Known(state_folder(folder), Shared.beside())


def _compiled(project: Project, folder: Path | None, diagnostics: Diagnostics, known: Known) -> Loaded | None:
    snapshot = compile_project(project, diagnostics)
    sandbox = load_sandbox(diagnostics, folder if folder is not None and folder.is_dir() else None, known)
    return None if diagnostics.failed else Loaded(snapshot, sandbox)


class Template:
    """The newest files that were right, loaded in the process that workers are forked from."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._loaded: Loaded | None = None

    @property
    def loaded(self) -> Loaded:
        """What workers are made of now."""
        assert self._loaded is not None
        return self._loaded

    def check(self) -> int:
        """Look through the files in a process of its own, and tell what is wrong; gives 0 when they may be served."""
        diagnostics = Diagnostics()
        if load(self._folder, diagnostics) is None:
            return _told(diagnostics)
        return 0

    def begin(self) -> Diagnostics | None:
        """Load the files for the first time; gives what was found, or nothing when errors were, which are told then.

        Files of which it is not known that they are right are looked through in a process of its own: that takes much
        more memory than to load what is known then, and all of it would stay.
        """
        diagnostics = Diagnostics()
        with for_good():
            self._loaded = load_known(self._folder, diagnostics)
        if self._loaded is not None:
            return diagnostics
        if result(self.check) != 0:
            return None
        diagnostics = self.renew()
        return None if diagnostics.failed and _told(diagnostics) else diagnostics

    def renew(self) -> Diagnostics:
        """Load the files, and make workers of them from now on if nothing of what is found is an error."""
        diagnostics = Diagnostics()
        with for_good():
            self._loaded = load(self._folder, diagnostics) or self._loaded
        return diagnostics

    def give(self) -> Loaded:
        """Give what there is and keep nothing, so that a worker can let go of it."""
        loaded, self._loaded = self.loaded, None
        return loaded


def _told(diagnostics: Diagnostics) -> int:
    """Tell what is wrong; gives the exit status of who found it."""
    sys.stderr.write(render_terminal(diagnostics))
    return 1
