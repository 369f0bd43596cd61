"""`torouter serve`: check the files, then serve them; says what to paste and where to edit."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path

import click

from ..compile.snapshot import Snapshot
from ..diagnostics import count_of
from ..pipeline.credential import digest
from ..server.boot import work
from ..server.handover import Handover, Worker
from ..server.loading import begin
from ..server.nameless import nameless
from ..server.share import shared
from ..server.supervisor import Supervisor, listen
from ..store import ExistingStore, StoredKey, StoreError, state_folder
from .called import called

_MARGIN = 10.0


@click.command("serve", short_help="Serve the built-in files and your own.")
@click.argument("place", required=False, type=click.Path(path_type=Path, exists=True), metavar="[DIR]")
@click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    envvar="PORT",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default="8080",
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--workers", type=click.IntRange(1), help="Number of processes; the setting decides otherwise.")
@click.option("--watch/--no-watch", "watching", default=True, show_default=True, help="Take up files that change.")
@click.pass_context
def command(
    ctx: click.Context, place: Path | None, host: str, port: int, workers: int | None, *, watching: bool
) -> None:
    """Serve the built-in files and those in DIR, which may also be one route file.

    Files that change are taken up while requests run, and so they are on SIGHUP; if something is wrong with them, it is
    told, and what runs stays as it was. The variables HOST and PORT choose the address too. Ctrl-C stops in order; a
    second one at once.
    """
    try:
        sock = listen(host, port)
    except OSError as fault:
        reason = str(fault.strerror).partition(" (while")[0]  # the address would be said twice
        help = "another port: --port 8081 or PORT=8081" if fault.errno == errno.EADDRINUSE else "another host: --host"
        raise click.ClickException(f"cannot listen on {host} port {port}: {reason}\nChoose {help}") from fault
    handover = _begun(sock, host, place, workers, watching=watching)
    if handover is None:
        ctx.exit(1)
    handover.become()


def _begun(
    sock: socket.socket, host: str, place: Path | None, workers: int | None, *, watching: bool
) -> Handover | None:
    """Load the files and begin workers that serve them on a socket; nothing when they are not right, which is told."""
    beginning = begin(place)
    if beginning is None:
        return None
    if found := beginning.diagnostics.items:
        shows = called("validate", place)
        click.echo(f"{count_of(len(found), 'warning')}; `{shows}` shows them", err=True)
    url = f"http://{_reachable(host)}:{sock.getsockname()[1]}"
    count = workers or beginning.snapshot.settings.workers
    worker, greeting = _introduced(beginning.snapshot, url, place, count)
    grace = beginning.snapshot.settings.drain + _MARGIN
    begun = Supervisor(partial(work, worker, [sock], beginning.give), [sock], count, grace).begin()
    beginning.files.keep(files := nameless())
    folders = [built_in(), built_in().parent / "transforms", *([place] if place else [])]
    watched = [str(folder) for folder in folders] if watching else None
    return Handover(worker, begun, [sock.fileno()], files, watched, grace, greeting)


def _introduced(snapshot: Snapshot, url: str, place: Path | None, count: int) -> tuple[Worker, str]:
    """Give what all workers have in common, and what the user is greeted with; tells what is set and cannot be."""
    state = state_folder(place)
    kept = keys_kept(state)
    key = None if snapshot.keys or kept else local_key(state / "key")
    group = group_shown(snapshot, kept)
    for line in warnings(snapshot):
        click.echo(line, err=True)
    worker = Worker(
        place=str(place) if place else None,
        state=str(state.resolve()),
        key=digest(key) if key else None,
        group=group,
        board=shared(count),
    )
    return worker, "\n".join(banner(snapshot, url, key, kept, group, place))


def group_shown(snapshot: Snapshot, kept: Sequence[StoredKey]) -> str:
    """The group whose models are shown: that of the first key, or the one that the key of this machine belongs to."""
    groups = [*(key.group for key in snapshot.keys.values()), *(key.group for key in kept)]
    if groups:
        return groups[0]
    return "default" if "default" in snapshot.groups else next(iter(snapshot.groups), "")


def local_key(file: Path) -> str:
    """The key of this machine: made and written at the first start, readable by its user only, and then reused."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_text("ascii").strip()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = f"sk-torouter-{secrets.token_urlsafe(32)}"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(key + "\n")
    return key


def keys_kept(state: Path) -> list[StoredKey]:
    """The valid keys that the store of this machine has."""
    place = ExistingStore(state)
    try:
        store = place()
        now = time.time()
        return [key for key in (store.list_keys() if store is not None else ()) if key.valid(now)]
    except StoreError as fault:
        raise click.ClickException(str(fault)) from fault
    finally:
        place.close()


def banner(
    snapshot: Snapshot, url: str, key: str | None, kept: Sequence[StoredKey], group: str, place: Path | None
) -> Iterator[str]:
    """What somebody who has just started the gateway wants to know, line by line."""
    yield f"ToRouter is serving on {url}"
    yield ""
    if key is not None:
        yield f"export TOROUTER_URL={url} TOROUTER_KEY={key}"
    else:
        yield f"export TOROUTER_URL={url}"
        known = (*(key.id for key in snapshot.keys.values()), *(key.name for key in kept))
        names = ", ".join(dict.fromkeys(known))
        yield f"Set TOROUTER_KEY to one of your keys ({names}); only their hashes are stored."
    models = [str(model["id"]) for model in snapshot.models_of(group)]
    for example in examples(snapshot, models):
        yield ""
        yield example
    if not models:
        yield ""
        yield f"No model of the group {group} can be called; `{called('models', place, '--group', group)}` says why."
    sandboxed = [name for name in models if _is_sandboxed(snapshot, name, group)]
    missing = [provider.id for provider in snapshot.providers.values() if provider.problem is not None]
    if sandboxed or missing:
        yield ""
    if sandboxed:
        yield f"Models that need no provider: {', '.join(sandboxed)}"
    if missing:
        yield f"Providers without their secret: {', '.join(missing)}"
        yield f"`{called('models', place)}` names the variable that each of them lacks."
    yield ""
    yield f"Your files are in {place}" if place else f"`{called('init')} FOLDER` makes a folder for files of your own."
    yield f"The built-in ones are in {built_in()}"


def built_in() -> Path:
    """The folder of the built-in route files: in the package, or beside it in a checkout."""
    return Path(str(files("torouter.routes")))


def examples(snapshot: Snapshot, models: Sequence[str]) -> Iterator[str]:
    """A request to paste for each protocol; one that names a model which is not there to be called gets one that is."""
    shown: set[str] = set()
    for endpoint in snapshot.endpoints:
        if not endpoint.example or endpoint.operation != "generate" or endpoint.protocol.name in shown or not models:
            continue
        shown.add(endpoint.protocol.name)
        example = endpoint.example.strip().replace("{url}", "$TOROUTER_URL").replace("{key}", "$TOROUTER_KEY")
        named = max((name for name in snapshot.models if name in example), key=len, default=models[0])
        yield example if named in models else example.replace(named, models[0])


def warnings(snapshot: Snapshot) -> Iterator[str]:
    """What is set and cannot be, as lines."""
    if snapshot.settings.metrics is None:
        yield "The metrics cannot be read: their token is not set."


def _reachable(host: str) -> str:
    """The host as it stands in an address; a server on all interfaces is reached on the loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def _is_sandboxed(snapshot: Snapshot, model: str, group: str) -> bool:
    targets = [target for target in snapshot.resolve(model, group) if target.provider.problem is None]
    return bool(targets) and targets[0].provider.transport == "sandbox"
