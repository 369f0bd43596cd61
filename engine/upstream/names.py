"""Where names lead: to public addresses only, unless a provider says otherwise."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

from .address import is_public

Place = tuple[int, int, int, str, tuple[Any, ...]]
"""An address as the system gives it: family, kind, protocol, name, and the address of a socket."""

AGE = 10.0
"""Seconds for which what a name leads to is remembered."""
_MOST = 1024


class Names:
    """Looks names up, each once for all who ask at a time; connections go to what was found, and nowhere else."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[float, asyncio.Task[list[Place]]]] = {}

    async def places(self, host: str, port: int, *, private: bool) -> Sequence[Place]:
        """The addresses of `host`, without `private` the public ones. Raises OSError when there are none."""
        found = _written(host, port) or await asyncio.shield(self._asked(host, port))
        allowed = [place for place in found if private or is_public(place[4][0])]
        if not allowed:
            raise OSError("no address that may be called")
        return allowed

    def _asked(self, host: str, port: int) -> asyncio.Task[list[Place]]:
        """The question that is asked for a name, or was a moment ago."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        until, task = self._known.get((host, port), (0.0, None))
        if task is not None and until > now and not _failed(task):
            return task
        if len(self._known) >= _MOST:
            self._known.clear()
        task = loop.create_task(_look_up(host, port))
        task.add_done_callback(_failed)
        self._known[host, port] = now + AGE, task
        return task


def _written(host: str, port: int) -> list[Place]:
    """The address of a host that is written as one: there is nothing to look up."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return []
    if ip.version == 4:
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))]
    if "%" in host:  # the number of the zone is the system's to know
        return []
    return [(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, 0, 0))]


async def _look_up(host: str, port: int) -> list[Place]:
    flags = socket.AI_ADDRCONFIG
    return list(await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))


def _failed(task: asyncio.Task[list[Place]]) -> bool:
    """Whether a question has been answered, and with no address; what is asked for here is not reported as lost."""
    return task.done() and (task.cancelled() or task.exception() is not None)
