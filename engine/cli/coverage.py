"""`torouter coverage`: which field of which protocol gets through to which other, found by sending it."""

from pathlib import Path

import click

from ..compile import compile_project
from ..config.load import load_project
from ..coverage import cover, load_inventories, render_json, render_markdown, render_table
from ..diagnostics import Diagnostics, render_terminal

_RENDERERS = {"table": render_table, "json": render_json, "md": render_markdown}


@click.command("coverage", short_help="Tell which fields get through to which protocol.")
@click.argument("place", required=False, type=click.Path(path_type=Path, exists=True), metavar="[DIR]")
@click.option("--from", "sources", multiple=True, metavar="PROTOCOL", help="Only fields of this protocol.")
@click.option("--to", "targets", multiple=True, metavar="PROTOCOL", help="Only on their way to this protocol.")
@click.option("--format", "form", type=click.Choice(tuple(_RENDERERS)), default="table", help="How to write.")
@click.pass_context
def command(
    ctx: click.Context, place: Path | None, sources: tuple[str, ...], targets: tuple[str, ...], form: str
) -> None:
    """Send every field of every protocol's inventory to every protocol, and tell what becomes of it.

    Inventories are JSON Schemas: the built-in ones, and schema/protocols/NAME.schema.json in DIR. Exits with 1 when
    the files have errors or a field is lost without a word.
    """
    diagnostics = Diagnostics()
    snapshot = compile_project(load_project(place, diagnostics), diagnostics)
    if diagnostics.failed:
        click.echo(render_terminal(diagnostics), nl=False, err=True)
        ctx.exit(1)
    inventories = load_inventories(place if place is not None and place.is_dir() else None)
    for name in (*sources, *targets):
        if name not in snapshot.protocols:
            raise click.BadParameter(f"there is no protocol {name}; known: {', '.join(sorted(snapshot.protocols))}")
    report = list(cover(snapshot.protocols, inventories, sources=sources or None, targets=targets or None))
    click.echo(_RENDERERS[form](report), nl=False)
    ctx.exit(int(any(field.unlisted for pair in report for field in pair.fields)))
