"""`torouter usage`: what requests used and cost, summed up from the records of this machine."""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import click
import orjson

from ..compile.prices import NANO
from ..config.units import parse_date, parse_duration
from ..store import GROUPINGS, ExistingStore, StoreError, UsageSum, state_folder
from .tables import write_table

_NUMBERS = (
    "requests", "failed", "attempts", "input", "cache_read", "cache_write", "output", "reasoning", "unpriced",
)  # fmt: skip


class Past(click.ParamType[float]):
    """A date, or a duration before now; gives seconds since 1970."""

    name = "DATE|DURATION"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it, or say what is wanted."""
        if isinstance(value, float):
            return value
        try:
            return time.time() - parse_duration(value)
        except ValueError:
            pass
        try:
            return parse_date(value).timestamp()
        except ValueError:
            self.fail(f"{value!r} is neither a date such as 2027-01-31 nor a duration such as 7d.", param, ctx)


class Groupings(click.ParamType[tuple[str, ...]]):
    """Names of what requests may have in common, with commas between them."""

    name = "NAMES"

    def convert(
        self, value: str | tuple[str, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Read them, or say which there are."""
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
        for name in names:
            if name not in GROUPINGS:
                self.fail(f"{name!r} is none of {', '.join(GROUPINGS)}.", param, ctx)
        return names


@click.command("usage", short_help="Sum up what requests used and cost.")
@click.argument("place", required=False, type=click.Path(path_type=Path, exists=True), metavar="[DIR]")
@click.option("--by", type=Groupings(), default="key,model", show_default=True, help=f"Any of {', '.join(GROUPINGS)}.")
@click.option("--since", type=Past(), default="30d", show_default=True, help="The beginning, counted in.")
@click.option("--until", type=Past(), help="The end, not counted in; now, unless said.")
@click.option("--format", "form", type=click.Choice(("table", "json", "csv")), default="table", help="How to write.")
def command(place: Path | None, by: tuple[str, ...], since: float, until: float | None, form: str) -> None:
    """Sum up the records of requests that a gateway serving DIR has kept.

    Tokens of the request are counted with those from and into caches, tokens of the answer with those of reasoning.
    What has no price has no cost: `unpriced` says how many requests with tokens that are.
    """
    found = _sums(place, by, since, until if until is not None else time.time() + 1)
    if form == "json":
        click.echo(orjson.dumps([_row(it, by) for it in found], option=orjson.OPT_INDENT_2))
    elif form == "csv":
        sys.stdout.write(_csv(found, by))
    elif found:
        write_table([_texts(it, by) for it in found])
    else:
        click.echo("No requests.")


def _sums(place: Path | None, by: Sequence[str], since: float, until: float) -> Sequence[UsageSum]:
    kept = ExistingStore(state_folder(place))
    try:
        store = kept()
        return store.sum_usage(by, since, until) if store is not None else ()
    except StoreError as fault:
        raise click.ClickException(str(fault)) from fault
    finally:
        kept.close()


def _row(found: UsageSum, by: Sequence[str]) -> Mapping[str, object]:
    """A sum for programs: costs as decimal text, by currency."""
    numbers = {name: getattr(found, name) for name in _NUMBERS}
    return {**dict(zip(by, found.of, strict=True)), **numbers, "costs": _costs(found)}


def _texts(found: UsageSum, by: Sequence[str]) -> Mapping[str, str]:
    """A sum for people, and for sheets."""
    numbers = {name: str(getattr(found, name)) for name in _NUMBERS}
    cost = ", ".join(f"{amount} {currency}" for currency, amount in _costs(found).items())
    return {**dict(zip(by, found.of, strict=True)), **numbers, "costs": cost}


def _costs(found: UsageSum) -> Mapping[str, str]:
    return {currency: f"{(Decimal(cost) / NANO).normalize():f}" for currency, cost in sorted(found.costs.items())}


def _csv(found: Sequence[UsageSum], by: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, [*by, *_NUMBERS, "costs"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(_texts(it, by) for it in found)
    return out.getvalue()
