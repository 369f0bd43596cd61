"""`torouter schema`: print the JSON Schema of a file kind."""

import click

from ..config.schema import KINDS, ROUTE, schema_text


@click.command("schema")
@click.argument("kind", type=click.Choice(KINDS), default=ROUTE, metavar="[KIND]")
def command(kind: str) -> None:
    """Print the JSON Schema of a KIND of file, for editors.

    KIND is route (the default), sandbox, cases, protocol, or the name of a mapping's file, such as request.decode.
    """
    click.echo(schema_text(kind), nl=False)
