"""Loading the files for a command that looks at them: files with errors end it, as `validate` would say it."""

from __future__ import annotations

from pathlib import Path

import click

from ..compile import compile_project
from ..compile.snapshot import Snapshot
from ..config.load import Project, load_project
from ..diagnostics import Diagnostics, render_terminal
from ..language.origins import Origins


def load(ctx: click.Context, place: Path | None, origins: Origins | None = None) -> tuple[Project, Snapshot]:
    """The built-in files and those of a user, compiled; ends the command with 1 when they have errors."""
    diagnostics = Diagnostics()
    project = load_project(place, diagnostics)
    snapshot = compile_project(project, diagnostics, origins)
    if diagnostics.failed:
        click.echo(render_terminal(diagnostics), nl=False, err=True)
        ctx.exit(1)
    return project, snapshot
