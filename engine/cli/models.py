"""`torouter models`: the names that clients may ask for, with their targets, and which cannot be called and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import click
import orjson

from ..compile.snapshot import Model, Snapshot, Target
from .callers import group_of
from .loading import load
from .tables import write_table


@dataclass(frozen=True, slots=True)
class ListedTarget:
    """One way to serve a model; `problem` says why it cannot be called."""

    provider: str
    model: str
    protocol: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A public name with its further names; it is `ready` when a target of it can be called."""

    id: str
    aliases: Sequence[str]
    targets: Sequence[ListedTarget]
    ready: bool


@click.command("models", short_help="List the models that may be called.")
@click.argument("place", required=False, type=click.Path(path_type=Path, exists=True), metavar="[DIR]")
@click.option("--key", metavar="NAME", help="What this key may call.")
@click.option("--group", metavar="NAME", help="What this group may call.")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", help="How to write.")
@click.pass_context
def command(ctx: click.Context, place: Path | None, key: str | None, group: str | None, form: str) -> None:
    """List the models that a group may call, with their targets in order.

    Without --key and --group it is the group of the first key, or of the key of this machine.
    """
    _, snapshot = load(ctx, place)
    chosen = group_of(snapshot, place, key, group)
    listed = list(_listed(snapshot, chosen))
    if form == "json":
        click.echo(orjson.dumps(listed, option=orjson.OPT_INDENT_2))
    elif listed:
        write_table([_row(model) for model in listed])
    else:
        click.echo(f"The group {chosen} has no models.")


def _listed(snapshot: Snapshot, group: str) -> Iterator[ListedModel]:
    """Give every model of the catalog that a group allows, those that cannot be called included."""
    allowed = snapshot.groups.get(group)
    for model in (*snapshot.models.values(), *snapshot.patterns):
        names = [alias for alias, name in snapshot.aliases.items() if name == model.id]
        own = [alias for alias, name in allowed.aliases.items() if name in (model.id, *names)] if allowed else []
        if allowed is None or not (own or allowed.allows((model.id, *names))):
            continue
        targets = [target for target in model.targets(model.id) if _may_call(target, allowed.providers)]
        if targets:
            yield _model(model, [*names, *own], targets)


def _may_call(target: Target, providers: Sequence[str]) -> bool:
    return any(fnmatchcase(target.provider.id, pattern) for pattern in providers)


def _model(model: Model, aliases: Sequence[str], targets: Sequence[Target]) -> ListedModel:
    ways = [ListedTarget(way.provider.id, way.model, way.protocol, way.provider.problem) for way in targets]
    return ListedModel(model.id, aliases, ways, any(way.problem is None for way in ways))


def _row(model: ListedModel) -> dict[str, str]:
    ways = [way.provider if way.model == model.id else f"{way.provider} as {way.model}" for way in model.targets]
    problems = {way.provider: f"{way.provider}: {way.problem}" for way in model.targets if way.problem}
    return {
        "model": model.id,
        "aliases": ", ".join(model.aliases),
        "targets": ", ".join(ways),
        "state": "; ".join(["ready"] * model.ready + list(problems.values())),
    }
