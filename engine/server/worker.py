"""One worker: a single process with one event loop, accepting on sockets that the supervisor owns."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any

from sanic import Sanic

from .app import Site, build
from .connection import Connection

_log = logging.getLogger("torouter.server")
BACKLOG = 1024
_IDLE_GRACE = 1.0
_LAST_WORDS = 2.0
_PAUSE = 0.02


async def serve(
    site: Site, sockets: Sequence[socket.socket], stop: asyncio.Event, announce: Callable[[], None] | None = None
) -> None:
    """Serve until `stop` is set, then drain: no new connections, running requests finish, the rest end in an error.

    `announce` is called once connections are accepted.
    """
    app = build(site)
    servers: list[Any] = []  # the library's AsyncioServer has no types
    try:
        for sock in sockets:
            waiting = {"start_serving": False}
            server: Any = await app.create_server(
                sock=sock, protocol=Connection, backlog=BACKLOG, asyncio_server_kwargs=waiting
            )
            if not app.state.is_started:
                await server.startup()
            servers.append(server)
            await server.start_serving()
        if announce is not None:
            announce()
        await stop.wait()
        site.draining = True
        for server in servers:
            server.close()
        await _drain(site, servers, site.gateway.snapshot.settings.drain)
    finally:
        Sanic.unregister_app(app)


async def _drain(site: Site, servers: Sequence[Any], grace: float) -> None:
    """Let running requests finish, answer what still comes over open connections, then end what is left."""
    gateway = site.gateway
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(grace):
            # Clients may just now be using connections that were idle: they get an answer, and are told to close.
            await _while_connected(servers, _IDLE_GRACE)
            await gateway.quiet.wait()
    if gateway.running:
        _log.warning("ending %d requests that did not finish within %g s", gateway.running, grace)
        gateway.interrupt()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await gateway.quiet.wait()
    for connection in _connections(servers):
        connection.close(timeout=_LAST_WORDS)
    await _while_connected(servers, _LAST_WORDS)


async def _while_connected(servers: Sequence[Any], seconds: float) -> None:
    """Wait as long as there are connections, but no longer than `seconds`."""
    for _ in range(round(seconds / _PAUSE)):
        if not _connections(servers):
            break
        await asyncio.sleep(_PAUSE)


def _connections(servers: Sequence[Any]) -> list[Any]:
    return [connection for server in servers for connection in server.connections]


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` on SIGTERM. Ctrl-C reaches the whole process group, so SIGINT is left to the supervisor."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)


def reload_on_signal(asked: asyncio.Event) -> None:
    """Set `asked` on SIGHUP."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)


def stop_with_parent(stop: asyncio.Event, descriptor: int) -> None:
    """Set `stop` when the other end of a pipe closes: the supervisor is gone, however it went."""
    loop = asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(descriptor)
        stop.set()

    loop.add_reader(descriptor, gone)
