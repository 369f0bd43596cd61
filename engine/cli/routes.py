"""`torouter routes`: the addresses that clients may call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

from ..config.model import Condition, Endpoint
from .loading import load
from .tables import write_table


@dataclass(frozen=True, slots=True)
class Address:
    """A method and a path, mount included."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class ListedEndpoint:
    """An endpoint with its addresses below every mount; `when` says what a request must have besides."""

    id: str
    addresses: Sequence[Address]
    protocol: str
    operation: str
    surface: str | None
    when: Sequence[str]
    where: str


@click.command("routes", short_help="List the endpoints that clients call.")
@click.argument("place", required=False, type=click.Path(path_type=Path, exists=True), metavar="[DIR]")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", help="How to write.")
@click.pass_context
def command(ctx: click.Context, place: Path | None, form: str) -> None:
    """List the endpoints in the order in which they are tried, with their address below every mount."""
    project, _ = load(ctx, place)
    routes = project.routes
    listed = [_listed(endpoint, routes.mounts) for endpoint in routes.endpoints.values()]
    if form == "json":
        click.echo(orjson.dumps(listed, option=orjson.OPT_INDENT_2))
    elif listed:
        write_table([_row(endpoint, address) for endpoint in listed for address in endpoint.addresses])
    else:
        click.echo("There are no endpoints.")


def _listed(endpoint: Endpoint, mounts: Iterable[str]) -> ListedEndpoint:
    span = endpoint.matches[0].where.span()
    return ListedEndpoint(
        id=endpoint.id,
        addresses=[
            Address(match.method, mount + match.path)
            for match in endpoint.matches
            for mount in sorted({*mounts, ""}, key=len)
        ],
        protocol=endpoint.protocol,
        operation=endpoint.operation,
        surface=endpoint.surface,
        when=[_condition(condition) for condition in endpoint.when],
        where=f"{span.file}:{span.line}",
    )


def _condition(condition: Condition) -> str:
    given = (("path", condition.path_prefix), ("header", condition.header), ("query", condition.query))
    return " and ".join(f"{name} {value}" for name, value in given if value is not None)


def _row(endpoint: ListedEndpoint, address: Address) -> dict[str, str]:
    return {
        "method": address.method,
        "path": address.path,
        "protocol": endpoint.protocol,
        "operation": endpoint.operation,
        "surface": endpoint.surface or "",
        "when": " or ".join(endpoint.when),
        "endpoint": endpoint.id,
    }
