"""How a connection is made: a name, an address that may be called, a handshake."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from aiohappyeyeballs import start_connection

from .connection import Connection
from .destination import Origin
from .errors import timed_out, unreachable, untrusted
from .names import Names

_HEAD_START = 0.25
"""Seconds that an address is given before the next one is tried beside it."""


class Dialer:
    """Connects to services; certificates are always checked, by `context` or by what the system trusts."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._names = Names()

    async def __call__(self, origin: Origin, make: Callable[[], Connection]) -> Connection:
        """Connect to an address of the origin that may be called. Raises UpstreamError."""
        try:
            places = await self._names.places(origin.host, origin.port, private=origin.private)
        except OSError as fault:
            raise unreachable("dns") from fault
        try:
            sock = await start_connection(places, happy_eyeballs_delay=_HEAD_START)
            name = origin.host if origin.tls else None
            _, connection = await asyncio.get_running_loop().create_connection(
                make, sock=sock, ssl=self._checks() if origin.tls else None, server_hostname=name
            )
        except ssl.SSLError as fault:
            raise untrusted() from fault
        except TimeoutError as fault:
            raise timed_out("could not be reached in time", "connect") from fault
        except (OSError, RuntimeError) as fault:  # the faster loop's are not always of the first kind
            raise unreachable("connect") from fault
        return connection

    def _checks(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
            self._context.set_alpn_protocols(["http/1.1"])
        return self._context
