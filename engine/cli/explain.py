"""`torouter explain`: what the gateway would do with one request, down to the line behind each field."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import click

from ..explain import Caller, Unclear, explain, guess, read_request, render_json, render_text
from ..language.origins import Origins
from ..pipeline.memory import Memory
from ..store import ExistingStore, state_folder
from .callers import key_of
from .loading import load

SENT, REFUSED = 0, 3

_RENDERERS = {"text": render_text, "json": render_json}


@click.command("explain", short_help="Tell what would become of a request, sending nothing.")
@click.argument("file", type=click.File("rb"), metavar="REQUEST.json")
@click.argument("place", required=False, type=click.Path(path_type=Path, exists=True), metavar="[DIR]")
@click.option("--path", help="The address that is called, such as /v1/things?beta=true.")
@click.option(
    "--header", "headers", multiple=True, metavar='"NAME: VALUE"', help="A header of the request; repeatable."
)
@click.option("--key", "name", metavar="NAME", help="The key to explain it for.")
@click.option("--model", help="Another model than the one that the request names.")
@click.option("--provider", help="Explain the call of this provider, even if it would not be called.")
@click.option("--format", "form", type=click.Choice(tuple(_RENDERERS)), default="text", help="How to write.")
@click.pass_context
def command(
    ctx: click.Context,
    file: IO[bytes],
    place: Path | None,
    path: str | None,
    headers: tuple[str, ...],
    name: str | None,
    model: str | None,
    provider: str | None,
    form: str,
) -> None:
    """Say what becomes of the request in REQUEST.json: a body, or {method, path, headers, body}; - reads the input.

    Nothing is sent, and no secret is needed or shown. Exits with 0 when the request would be answered, 1 when the files
    have errors, 2 when it is not clear what is asked, 3 when the client would get an error.
    """
    origins = Origins()
    project, snapshot = load(ctx, place, origins)
    try:
        asked = read_request(file.read(), path, dict(map(_header, headers)))
        guessed = not asked.path
        asked = replace(asked, path=guess(snapshot, asked.body, model)) if guessed else asked
    except Unclear as fault:
        raise click.UsageError(str(fault)) from fault
    caller = Caller(key_of(snapshot, place, name), named=name is not None)
    store = ExistingStore(state_folder(place))
    chosen: Any = {"model": model, "provider": provider, "guessed": guessed, "memory": Memory(store, store.made)}
    try:
        report = asyncio.run(explain(project, snapshot, origins, asked, caller, **chosen))
    finally:
        store.close()
    click.echo(_RENDERERS[form](report), nl=False)
    ctx.exit(REFUSED if report.refused else SENT)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter(f"{name.strip()!r} is no header; write NAME: VALUE", param_hint="--header")
    return name.strip(), value.strip()
