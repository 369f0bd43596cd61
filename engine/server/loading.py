"""What workers are made of: the files, loaded and compiled before any worker serves."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..compile import compile_project
from ..compile.snapshot import Snapshot
from ..config.known import Known, Shared
from ..config.load import Project, known_project_of, project_of
from ..config.sources import BUILTIN
from ..diagnostics import Diagnostics, render_terminal
from ..sandbox.load import sandbox_of
from ..sandbox.sandbox import Sandbox
from ..sandbox.transport import SandboxTransport
from ..store import state_folder
from ..upstream.client import Transport
from ..upstream.transports import transports
from .child import result
from .files import Files
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


@dataclass(slots=True)
class Beginning:
    """What a gateway begins with: files that are right, what they say, and what was found that is no error."""

    files: Files
    loaded: Loaded | None
    diagnostics: Diagnostics

    @property
    def snapshot(self) -> Snapshot:
        """What is compiled of the files."""
        assert self.loaded is not None
        return self.loaded.snapshot

    def give(self) -> Loaded | None:
        """Give what there is and keep nothing, so that a worker can let go of it."""
        loaded, self.loaded, self.files = self.loaded, None, Files((), ())
        return loaded


def begin(folder: Path | None) -> Beginning | None:
    """Load the files for the first time; nothing when they are not right, which is told then.

    Files of which it is not known that they are right are looked through in a process of its own: that takes much more
    memory than to load what is known then, and all of it would stay.
    """
    diagnostics = Diagnostics()
    files = Files.read(folder, diagnostics)
    with for_good():
        loaded = None if diagnostics.items else load_known(files, folder, diagnostics)
        if loaded is None:
            if result(partial(_look_through, files, folder, diagnostics)) != 0:
                return None
            loaded = load(files, folder, diagnostics)
    if loaded is None:
        _told(diagnostics)
        return None
    return Beginning(files, loaded, diagnostics)


def check(folder: Path | None, descriptor: int) -> int:
    """Look through the files as they are now, and tell what is wrong; if nothing is, keep them and give 0."""
    files = Files.read(folder, diagnostics := Diagnostics())
    status = _look_through(files, folder, diagnostics)
    if status == 0:
        files.keep(descriptor)
    return status


def load(files: Files, folder: Path | None, diagnostics: Diagnostics) -> Loaded | None:
    """Load and compile files that were read; nothing when `diagnostics` says why that failed.

    `folder` is the user's, beside which is kept what is known of files.
    """
    known = _known(folder)
    project = project_of(files.routes, diagnostics, known)
    before = len(diagnostics.items)
    loaded = _compiled(project, files, diagnostics, known)
    if loaded is not None and len(diagnostics.items) == before:  # what was found before is found each time
        for part in ([(it.layer, it.file, it.text) for it in project.documents], *project.parts().values()):
            known.approve(part, builtin=all(layer == BUILTIN for layer, _, _ in part))
    known.keep()
    return loaded


def load_known(files: Files, folder: Path | None, diagnostics: Diagnostics) -> Loaded | None:
    """Load files if they are known to be right; nothing when they are not, and nothing is said of them then."""
    known = _known(folder)
    project = known_project_of(files.routes, diagnostics, known)
    return None if project is None else _compiled(project, files, diagnostics, known)


def _known(folder: Path | None) -> Known:
    return Known(state_folder(folder), Shared.beside())


def _compiled(project: Project, files: Files, diagnostics: Diagnostics, known: Known) -> Loaded | None:
    snapshot = compile_project(project, diagnostics)
    sandbox = sandbox_of(files.scripts, diagnostics, known)
    return None if diagnostics.failed else Loaded(snapshot, sandbox)


def _look_through(files: Files, folder: Path | None, diagnostics: Diagnostics) -> int:
    return 0 if load(files, folder, diagnostics) is not None else _told(diagnostics)


def _told(diagnostics: Diagnostics) -> int:
    """Tell what is wrong; gives the exit status of who found it."""
    sys.stderr.write(render_terminal(diagnostics))
    return 1
