"""`torouter init`: a folder to begin with, with the schemas that editors read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import click

from ..config.schema import KINDS, schema_text
from ..store import state_folder
from .called import called

_START = "routes.yaml"


@click.command("init", short_help="Write a folder of your own, with examples.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
def command(folder: Path) -> None:
    """Write a folder of your own: route files with examples, and their schemas for your editor.

    What is there already is never overwritten: then nothing is written, and the exit status is 1.
    """
    made = {folder / name: text for name, text in _contents(folder)}
    there = [str(file) for file in made if file.exists()]
    if there:
        raise click.ClickException(f"already there, and not overwritten: {', '.join(there)}")
    for file, text in made.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    click.echo("\n".join(_next(folder)))


def _contents(folder: Path) -> Iterator[tuple[str, str]]:
    """Give every file of the folder with its text."""
    yield _START, (files("torouter.routes") / "template" / _START).read_text("utf-8")
    yield ".gitignore", f"# The keys of this machine.\n/{state_folder(folder).name}/\n"
    for kind in KINDS:
        yield f"schema/{kind}.schema.json", schema_text(kind)


def _next(folder: Path) -> Iterator[str]:
    """Say what can be done now, line by line."""
    yield f"Made {folder / _START}, and {folder / 'schema'} for your editor."
    yield ""
    yield f"{called('serve', folder)}      # serve it; the model hello answers at once"
    yield f"{called('validate', folder)}   # check it after a change"
    yield f"{called('models', folder)}     # what can be called"
