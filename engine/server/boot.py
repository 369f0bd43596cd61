"""A worker: serves what was loaded before it was forked, on the sockets it inherited."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import resource
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

from ..compile.snapshot import Key
from ..diagnostics import Diagnostics
from ..observe.alone import Lookout
from ..observe.journal import Journal
from ..observe.observer import Observer
from ..observe.redaction import RedactingFormatter, Redactor
from ..pipeline.keys import KeyRing
from ..pipeline.memory import Memory
from ..pipeline.stack import Gateway
from ..store import ExistingStore
from .app import Site
from .books import Books
from .files import Files
from .handover import Worker
from .loading import Loaded, load
from .reload import for_good, keep_loading
from .share import claimed
from .supervisor import READY, Line
from .worker import reload_on_signal, serve, stop_on_signals, stop_with_parent


async def run(
    worker: Worker, sockets: Sequence[socket.socket], loaded: Loaded, redactor: Redactor, line: Line
) -> None:
    """Serve until told to stop; load the files anew whenever told to."""
    stop, hung_up = asyncio.Event(), asyncio.Event()
    stop_on_signals(stop)
    reload_on_signal(hung_up)
    stop_with_parent(stop, line.life)
    keys = {worker.key: Key("local", worker.group, expires=None, disabled=False)} if worker.key else {}
    ways = loaded.transports()
    store = ExistingStore(worker.lasting)
    gateway = Gateway(loaded.snapshot, ways, KeyRing(keys, store), memory=Memory(store, store.made))
    books = Books(worker.lasting, lambda: gateway.snapshot.settings.usage_age)
    journal = Journal(_write_lines)
    observer = Observer(claimed(worker.board), books.record, redactor, say=journal.add)
    site = Site(gateway, observer)

    def adopt(loaded: Loaded) -> None:
        redactor.learn(loaded.snapshot)
        gateway.adopt(loaded.snapshot, {**ways, "sandbox": loaded.scripted()})

    redactor.learn(loaded.snapshot)
    observer.works()
    books.open(observer.fate)
    looking = asyncio.create_task(Lookout(observer.board, gateway.routing).run())
    loading = asyncio.create_task(keep_loading(hung_up, partial(_loaded, worker), adopt))
    del loaded
    try:
        await serve(site, sockets, stop, lambda: line.tell(READY))
    finally:
        loading.cancel()
        looking.cancel()
        await books.close()
        journal.flush()
        store.close()
        for way in ways.values():
            await way.aclose()


_YOUNG = 20_000
"""New objects after which the collector looks for cycles among them; a long conversation is more than the usual 700."""


def work(worker: Worker, sockets: Sequence[socket.socket], give: Callable[[], Loaded | None], line: Line) -> int:
    """Be a worker until told to stop, of what is given; gives the exit status."""
    redactor = Redactor()
    _log_to_stderr(redactor)
    _open_more_files()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    loaded = give()
    if loaded is None:
        return 1
    serving = run(worker, sockets, loaded, redactor, line)
    del loaded  # whoever serves lets go of it when the files change
    _run(serving)
    return 0


def replace(worker: Worker, sockets: Sequence[socket.socket], files: int, line: Line) -> int:
    """Be a worker that is made of the files that were right last, from where they are kept; gives the exit status."""

    def give() -> Loaded | None:
        with for_good():
            kept = Files.kept(files)
            os.close(files)
            return load(kept, worker.folder, Diagnostics())

    return work(worker, sockets, give, line)


def _loaded(worker: Worker) -> Loaded | None:
    """Load the files as they are now."""
    return load(Files.read(worker.folder, diagnostics := Diagnostics()), worker.folder, diagnostics)


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


def _run(main_task: Coroutine[object, object, None]) -> None:
    """Run on the faster loop where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main_task)
    else:
        uvloop.run(main_task)


def _write_lines(data: bytes) -> None:
    """Requests as lines of JSON and nothing else."""
    while data:
        data = data[os.write(sys.stderr.fileno(), data) :]
