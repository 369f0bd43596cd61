"""The shipped files, read and compiled once for all tests of a process."""

from __future__ import annotations

from functools import cache

from torouter.compile import Snapshot, compile_project
from torouter.config.load import Project, load_project
from torouter.diagnostics import Diagnostics, render_terminal


@cache
def shipped() -> tuple[Project, Snapshot]:
    """All that is shipped; as long as it is held, whoever loads the same files neither reads nor compiles them again."""
    found = Diagnostics()
    project = load_project(None, found)
    snapshot = compile_project(project, found)
    assert not found.failed, render_terminal(found)
    return project, snapshot
