"""A worker process: loads the project itself, then serves it on the sockets it inherited."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import resource
import socket
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..compile import compile_project
from ..compile.snapshot import Key, Snapshot
from ..config.known import Known
from ..config.load import load_project
from ..diagnostics import Diagnostics, render_line
from ..observe.journal import Journal
from ..observe.observer import Observer
from ..observe.redaction import RedactingFormatter, Redactor
from ..pipeline.keys import KeyRing
from ..pipeline.memory import Memory
from ..pipeline.stack import Gateway
from ..sandbox.load import load_sandbox
from ..sandbox.sandbox import Sandbox
from ..sandbox.transport import SandboxTransport
from ..store import ExistingStore, state_folder
from ..upstream.client import Client, Transport
from .app import Site
from .books import Books
from .reload import for_good, keep_loading
from .share import claimed
from .supervisor import READY
from .worker import reload_on_signal, serve, stop_on_signals, stop_with_parent


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker is told by the supervisor, on its command line."""

    sockets: tuple[int, ...]
    folder: Path | None
    state: Path
    key: str | None
    group: str
    board: int | None = None

    def command(self) -> list[str]:
        """The command line that starts such a worker."""
        options = [f"--socket={descriptor}" for descriptor in self.sockets]
        if self.folder is not None:
            options.append(f"--folder={self.folder}")
        options.append(f"--state={self.state}")
        if self.key is not None:
            options += [f"--key={self.key}", f"--group={self.group}"]
        if self.board is not None:
            options.append(f"--board={self.board}")
        return [sys.executable, "-P", "-m", __spec__.name, *options]  # -P: what lies in this folder is not ours


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that files say: the snapshot, and the scripts of the sandbox."""

    snapshot: Snapshot
    sandbox: Sandbox

    def transports(self) -> dict[str, Transport]:
        """Every way to reach a provider, by the name that providers use."""
        client = Client(connections=self.snapshot.settings.max_connections)
        return {"http": client, "sandbox": self.scripted()}

    def scripted(self) -> Transport:
        """The way to the providers that answer from scripts."""
        return SandboxTransport(self.sandbox, self.snapshot.protocols)


def load(folder: Path | None, diagnostics: Diagnostics) -> Loaded | None:
    """Load and compile the built-in files and those of a user; None when `diagnostics` says why that failed."""
    known = Known(state_folder(folder))
    project = load_project(folder, diagnostics, known=known)
    snapshot = compile_project(project, diagnostics)
    sandbox = load_sandbox(diagnostics, folder if folder is not None and folder.is_dir() else None, known)
    known.keep()
    return None if diagnostics.failed else Loaded(snapshot, sandbox)


async def run(worker: Worker, loaded: Loaded, redactor: Redactor) -> None:
    """Serve until told to stop; load the files anew whenever told to."""
    stop, hung_up = asyncio.Event(), asyncio.Event()
    stop_on_signals(stop)
    reload_on_signal(hung_up)
    stop_with_parent(stop, sys.stdin.fileno())
    keys = {worker.key: Key("local", worker.group, expires=None, disabled=False)} if worker.key else {}
    sockets = [socket.socket(fileno=descriptor) for descriptor in worker.sockets]
    ways = loaded.transports()
    store = ExistingStore(worker.state)
    gateway = Gateway(loaded.snapshot, ways, KeyRing(keys, store), memory=Memory(store, store.made))
    books = Books(worker.state, lambda: gateway.snapshot.settings.usage_age)
    journal = Journal(_write_line)
    observer = Observer(claimed(worker.board), books.record, redactor, say=journal.add)
    site = Site(gateway, observer)

    def adopt(loaded: Loaded) -> None:
        redactor.learn(loaded.snapshot)
        gateway.adopt(loaded.snapshot, {**ways, "sandbox": loaded.scripted()})

    redactor.learn(loaded.snapshot)
    observer.works()
    books.open(observer.fate)
    loading = asyncio.create_task(keep_loading(hung_up, lambda: load(worker.folder, Diagnostics()), adopt))
    del loaded
    try:
        await serve(site, sockets, stop, lambda: _tell(READY))
    finally:
        loading.cancel()
        await books.close()
        journal.flush()
        store.close()
        for way in ways.values():
            await way.aclose()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one worker."""
    redactor = Redactor()
    _log_to_stderr(redactor)
    _open_more_files()
    worker = _parse(arguments)
    diagnostics = Diagnostics()
    with for_good():
        loaded = load(worker.folder, diagnostics)
    if loaded is None:
        sys.stderr.write(render_line(diagnostics))
        return 1
    _run(run(worker, loaded, redactor))
    return 0


def _open_more_files() -> None:
    """Hold as many connections as the system lets us: each request needs two, and the usual limit is 1,024 files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _log_to_stderr(redactor: Redactor) -> None:
    """Warnings and worse, with their origin and without secrets."""
    plain = logging.StreamHandler(sys.stderr)
    plain.setFormatter(RedactingFormatter(redactor, "%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[plain])


def _parse(arguments: Sequence[str] | None) -> Worker:
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, action="append", required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--key")
    parser.add_argument("--group", default="")
    parser.add_argument("--board", type=int)
    values = parser.parse_args(arguments)
    return Worker(tuple(values.socket), values.folder, values.state, values.key, values.group, values.board)


def _run(main_task: Coroutine[object, object, None]) -> None:
    """Run on the faster loop where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main_task)
    else:
        uvloop.run(main_task)


def _write_line(text: str) -> None:
    """Requests as lines of JSON and nothing else."""
    sys.stderr.write(text)
    sys.stderr.flush()


def _tell(message: bytes) -> None:
    sys.stdout.buffer.write(message)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
