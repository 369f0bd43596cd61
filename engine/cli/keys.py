"""`torouter keys`: make, list, replace and end the keys that this machine keeps."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

import click
import orjson

from ..config.load import load_project
from ..config.model import Key, Routes
from ..config.units import parse_date, parse_duration
from ..diagnostics import Diagnostics, render_terminal
from ..pipeline.credential import digest
from ..pipeline.keys import FRESH
from ..store import Store, StoredKey, StoreError, open_store, state_folder
from .called import called
from .tables import write_table

_PREFIX = "sk-torouter-"
_HINT = len(_PREFIX) + 4

place_argument = click.argument("place", required=False, type=click.Path(path_type=Path, exists=True), metavar="[DIR]")


class Moment(click.ParamType[float]):
    """A date, or a duration from now; gives seconds since 1970."""

    name = "DATE|DURATION"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it, or say what is wanted."""
        if isinstance(value, float):
            return value
        with contextlib.suppress(ValueError):
            return time.time() + parse_duration(value)
        try:
            moment = parse_date(value).timestamp()
        except ValueError:
            self.fail(f"{value!r} is neither a date such as 2027-01-31 nor a duration such as 90d.", param, ctx)
        if moment <= time.time():
            self.fail(f"{value} is over.", param, ctx)
        return moment


@click.group("keys", short_help="Make, list, replace and end the keys of clients.")
def command() -> None:
    """Keys of clients, kept in the store of this machine; keys may also stand in route files, as hashes."""


@command.command("create")
@click.argument("name")
@place_argument
@click.option("--group", default="default", show_default=True, help="The group that the key belongs to.")
@click.option("--expires", type=Moment(), help="When it ends; never, unless said.")
def create(name: str, place: Path | None, group: str, expires: float | None) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    routes = _routes(place)
    if group not in routes.groups:
        close = get_close_matches(group, routes.groups, n=1)
        hint = f" Did you mean {close[0]}?" if close else f" There are: {', '.join(routes.groups)}."
        raise click.ClickException(f"There is no group {group}.{hint}")
    if name in routes.keys:
        span = routes.keys[name].entry.key.span()
        raise click.ClickException(f"There is a key {name} in {span.file}:{span.line}; choose another name.")
    with _opened(place) as store:
        if any(key.name == name and key.valid(time.time()) for key in store.list_keys()):
            raise click.ClickException(f"There is a key {name}; `{called(f'keys rotate {name}', place)}` replaces it.")
        _make(store, name, group, expires)


@command.command("rotate")
@click.argument("name")
@place_argument
@click.option("--overlap", default="1h", show_default=True, help="How long the old key still works.")
@click.option("--expires", type=Moment(), help="When the new key ends; as the old one did, unless said.")
def rotate(name: str, place: Path | None, overlap: str, expires: float | None) -> None:
    """Make a new key of a name and print it; the old one works for a while longer."""
    try:
        until = time.time() + parse_duration(overlap)
    except ValueError as fault:
        raise click.ClickException(f"{fault}.") from fault
    with _opened(place) as store:
        valid = [key for key in store.list_keys() if key.name == name and key.valid(time.time())]
        if not valid:
            raise _unknown(name, store)
        store.expire_keys(name, until)
        _make(store, name, valid[-1].group, valid[-1].expires if expires is None else expires)
    click.echo(f"The old key works until {_written(until)}.", err=True)


@command.command("revoke")
@click.argument("name")
@place_argument
def revoke(name: str, place: Path | None) -> None:
    """End all keys of a name."""
    with _opened(place) as store:
        if not store.expire_keys(name, time.time()):
            raise _unknown(name, store)
    click.echo(f"Revoked {name}: refused everywhere within {FRESH:g} seconds.")


@command.command("list")
@place_argument
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", help="How to write.")
def list_keys(place: Path | None, form: str) -> None:
    """List the keys of the store and of the route files."""
    now = time.time()
    with _opened(place) as store:
        rows = [_kept(key, now) for key in store.list_keys()]
    rows += [_declared(key, now) for key in _routes(place).keys.values()]
    if form == "json":
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    elif rows:
        write_table(rows)
    else:
        click.echo(f"No keys. `{called('keys create NAME', place)}` makes one.")


def _make(store: Store, name: str, group: str, expires: float | None) -> None:
    """Keep a new key and print its text: alone on standard output, so that it can be piped."""
    text = _PREFIX + secrets.token_urlsafe(32)
    store.add_key(StoredKey(name, group, digest(text), f"{text[:_HINT]}…", time.time(), expires))
    ends = f"until {_written(expires)}" if expires is not None else "until it is revoked"
    click.echo(f"{name} may use the group {group} {ends}. The key is shown only now:", err=True)
    click.echo(text)


def _kept(key: StoredKey, now: float) -> dict[str, str]:
    """Show a key of the store."""
    return {
        "name": key.name,
        "group": key.group,
        "key": key.hint,
        "created": _written(key.created),
        "expires": _written(key.expires) if key.expires is not None else "never",
        "state": "valid" if key.valid(now) else "ended",
        "kept": "store",
    }


def _declared(key: Key, now: float) -> dict[str, str]:
    """Show a key of a route file."""
    ends = key.expires.timestamp() if key.expires is not None else None
    state = "valid" if ends is None or now < ends else "ended"
    span = key.entry.key.span()
    return {
        "name": key.id,
        "group": key.group,
        "key": "",
        "created": "",
        "expires": _written(ends) if ends is not None else "never",
        "state": "disabled" if key.disabled else state,
        "kept": f"{span.file}:{span.line}",
    }


def _unknown(name: str, store: Store) -> click.ClickException:
    """Say that no valid key has this name, and which come near."""
    names = {key.name for key in store.list_keys() if key.valid(time.time())}
    close = get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return click.ClickException(f"There is no valid key {name} in the store.{hint}")


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _routes(place: Path | None) -> Routes:
    """Read the route files; errors in them end the command."""
    diagnostics = Diagnostics()
    project = load_project(place, diagnostics)
    if diagnostics.failed:
        click.echo(render_terminal(diagnostics), nl=False, err=True)
        raise click.exceptions.Exit(1)
    return project.routes


@contextlib.contextmanager
def _opened(place: Path | None) -> Iterator[Store]:
    """Open the store of this machine; what is wrong with it ends the command."""
    try:
        store = open_store(state_folder(place))
        try:
            yield store
        finally:
            store.close()
    except StoreError as fault:
        raise click.ClickException(str(fault)) from fault
