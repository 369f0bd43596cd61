"""`torouter test`: run the cases beside the transforms and show what differs."""

from __future__ import annotations

from pathlib import Path

import click

from ..cases import Case, check_case, load_cases
from ..cases.bless import bless
from ..compile import compile_project
from ..config.load import load_project
from ..config.sources import USER
from ..diagnostics import Diagnostics, count_of, render_terminal


@click.command("test", short_help="Run the cases of what becomes of messages.")
@click.argument("names", nargs=-1, metavar="[DIR] [NAME]...")
@click.option("--bless", "blessing", is_flag=True, help="Write what the cases in DIR give into their files.")
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], blessing: bool) -> None:
    """Run the built-in cases and those in DIR, and show what differs from what they say.

    NAME is a part of a case's name or of its file's name; without any, all cases are run. Exits with 0 when all hold,
    and with 1 otherwise.
    """
    place = Path(names[0]) if names and Path(names[0]).is_dir() else None
    wanted = names[1:] if place else names
    diagnostics = Diagnostics()
    snapshot = compile_project(load_project(place, diagnostics), diagnostics)
    protocols = {**snapshot.dialects, **snapshot.protocols}
    chosen = [case for case in load_cases(place, protocols, diagnostics) if is_chosen(case, wanted)]
    if diagnostics.failed:
        click.echo(render_terminal(diagnostics), nl=False, err=True)
        ctx.exit(1)
    if blessing:
        own = [case for case in chosen if case.entry.document.layer == USER]
        click.echo(f"{count_of(len(bless(own, protocols)), 'case')} rewritten", err=True)
        ctx.exit(0)
    if not chosen:
        raise click.ClickException(f"Neither a folder nor a part of a case's name: {' '.join(wanted) or place}")
    failed = 0
    for case in chosen:
        differences = check_case(case, protocols)
        if differences:
            failed += 1
            click.echo("\n".join((f"{case.place}: {case.name}", *map(str, differences), "")))
    click.echo(f"{count_of(len(chosen), 'case')}, {failed or 'none'} of them wrong", err=True)
    ctx.exit(1 if failed else 0)


def is_chosen(case: Case, names: tuple[str, ...]) -> bool:
    """Whether one of the names is part of a case's name or of its file's; all are chosen when there are no names."""
    return not names or any(name in case.name or name in case.file for name in names)
