"""`torouter schema`: list the kinds of files, or print the JSON Schema of one."""

import json

import click

from ..config.schema import KINDS, schema_text
from .tables import write_table


@click.command("schema", short_help="Print the JSON Schema of a kind of file.")
@click.argument("kind", type=click.Choice(KINDS), required=False, metavar="[KIND]")
def command(kind: str | None) -> None:
    """Print the JSON Schema of a KIND of file, for editors; without KIND, list the kinds.

    KIND is route, sandbox, cases, dialect, protocol, or the name of a mapping's file, such as request.decode.
    """
    if kind is not None:
        click.echo(schema_text(kind), nl=False)
        return
    write_table([{"kind": name, "says": _title(name)} for name in KINDS])


def _title(kind: str) -> str:
    """What a kind of file is, in the words of its schema."""
    schema = json.loads(schema_text(kind))
    return str(schema.get("title") or schema.get("description", ""))
