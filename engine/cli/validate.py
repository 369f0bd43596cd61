"""`torouter validate`: check all files without serving them; needs no network and no secrets."""

from pathlib import Path

import click

from ..cases import load_cases
from ..compile import compile_project
from ..config.load import Project, load_project
from ..config.merge import Entry
from ..config.sources import USER
from ..diagnostics import Diagnostics, count_of, render_json, render_line, render_sarif, render_terminal
from ..sandbox.load import load_sandbox

_RENDERERS = {"terminal": render_terminal, "line": render_line, "json": render_json, "sarif": render_sarif}

CLEAN, ERRORS, WARNINGS, UNREADABLE = range(4)


@click.command("validate", short_help="Check the built-in files and your own.")
@click.argument("place", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--format", "form", type=click.Choice(tuple(_RENDERERS)), default="terminal", help="How to write.")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
@click.option(
    "--resolve-secrets",
    is_flag=True,
    help="Let secrets fail that cannot be found here, those of your files if you give any.",
)
@click.pass_context
def command(ctx: click.Context, place: Path | None, form: str, strict: bool, resolve_secrets: bool) -> None:
    """Check the built-in files and those in DIR, which may also be one route file.

    Exits with 0 when nothing is wrong, 1 on errors, 2 on warnings under --strict, 3 when files cannot be read.
    """
    diagnostics = Diagnostics()
    project = load_project(place, diagnostics)
    if resolve_secrets:
        check_secrets(project, diagnostics)
    compile_project(project, diagnostics)
    load_sandbox(diagnostics, place)
    load_cases(place, {*project.protocols, *project.dialects}, diagnostics)
    click.echo(_RENDERERS[form](diagnostics), nl=False)
    if form == "terminal":
        click.echo(summary(diagnostics, len(project.documents)), err=True)
    ctx.exit(exit_code(diagnostics, strict))


def check_secrets(project: Project, diagnostics: Diagnostics) -> None:
    """Add an error for each secret that is absent or empty here, a warning for each that everybody here may read.

    Where there are files of a user, only the providers count that stand in them or that a model in them names.
    """
    routes = project.routes
    models = [model for model in routes.models.values() if _is_own(model.entry)]
    named = {target.provider for model in models for target in model.targets}
    own = [it for it in routes.providers.values() if it.id in named or _is_own(it.entry)]
    has_own = any(document.layer == USER for document in project.documents)
    for provider in own if has_own else routes.providers.values():
        if provider.auth is None:
            continue
        secret, member = provider.auth.secret, "bearer" if "bearer" in provider.entry.value["auth"] else "value"
        where = provider.entry.at("auth", member)
        if secret.resolve() is None:
            message = f'the secret {secret} of "{provider.id}" is absent or empty'
            diagnostics.error("unresolved-secret", where, message)
        elif secret.is_open():
            help = f"chmod 600 {secret.name}"
            diagnostics.warning("open-secret", where, "everybody on this machine may read this file", help=help)


def _is_own(entry: Entry) -> bool:
    """Whether an entry stands in a file of the user, be it as a patch."""
    return entry.origins[0].document.layer == USER


def exit_code(diagnostics: Diagnostics, strict: bool) -> int:
    """The exit code for what was found."""
    if any(item.code == "unreadable-file" for item in diagnostics.items):
        return UNREADABLE
    if diagnostics.failed:
        return ERRORS
    return WARNINGS if strict and diagnostics.items else CLEAN


def summary(diagnostics: Diagnostics, files: int) -> str:
    """One line on what was found in how many files."""
    errors = sum(item.severity == "error" for item in diagnostics.items)
    warnings = len(diagnostics.items) - errors
    if not diagnostics.items:
        return f"{count_of(files, 'file')}: nothing wrong"
    return f"{count_of(files, 'file')}: {count_of(errors, 'error')}, {count_of(warnings, 'warning')}"
