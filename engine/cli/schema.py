"""`torouter schema`: print the JSON Schema of a file kind."""

import click

from ..config.schema import KINDS, ROUTE, schema_text


@click.command("schema")
@click.argument("kind", type=click.Choice(KINDS), default=ROUTE)
def command(kind: str) -> None:
    """Print the JSON Schema of a file KIND, for editors."""
    click.echo(schema_text(kind), nl=False)
