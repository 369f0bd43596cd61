"""Connections that wait for their next request, and the number of those in use."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from .connection import Connection
from .destination import Origin

KEPT = 20.0
"""Seconds for which a connection is kept that nobody uses: shorter than services do, which would close it under us."""
_MOMENT, _MOMENTS = 0.01, 100

Dial = Callable[[Origin, Callable[[], Connection]], Awaitable[Connection]]


class Pool:
    """At most `limit` connections are in use, and as many open; who wants one more waits for its turn.

    The last that came back is the first that is taken, so that those which are not needed grow old.
    """

    def __init__(self, limit: int, dial: Dial) -> None:
        self._limit = limit
        self._dial = dial
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._open: set[Connection] = set()
        self._idle: dict[Origin, dict[Connection, None]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def idle(self, origin: Origin) -> Connection | None:
        """A connection that waits, if there is one and nobody's turn comes before."""
        if self._waiting or self._busy >= self._limit:
            return None
        found = self._pop(origin)
        if found is not None:
            self._busy += 1
        return found

    async def connection(self, origin: Origin, *, fresh: bool) -> Connection:
        """A connection, or with `fresh` a new one. Raises UpstreamError."""
        await self._turn()
        try:
            found = None if fresh else self._pop(origin)
            if found is None:
                self._make_room()
                found = await self._dial(origin, lambda: Connection(origin, self))
                if found.usable:  # else it has been lost already; loops may tell nothing of what fails on its way here
                    self._open.add(found)
        except BaseException:
            self._leave()
            raise
        return found

    def unused(self, connection: Connection) -> None:
        """Give back a connection on which nothing was sent."""
        connection.abort()
        self._leave()

    async def aclose(self) -> None:
        """Close all connections."""
        for pause in (0.0, 0.0, *[_MOMENT] * _MOMENTS):  # each tells that it has ended when the loop comes to it
            for connection in list(self._open):
                connection.abort()
            if not self._open:
                break
            await asyncio.sleep(pause)
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def released(self, connection: Connection, *, keep: bool) -> None:
        """Take a connection back; with `keep` it waits for its next request."""
        if keep:
            loop = asyncio.get_running_loop()
            connection.since = loop.time()
            self._idle.setdefault(connection.origin, {})[connection] = None
            if self._sweep is None:
                self._sweep = loop.call_later(KEPT, self._expire)
        self._leave()

    def lost(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._open.discard(connection)
        self._idle.get(connection.origin, {}).pop(connection, None)

    def _pop(self, origin: Origin) -> Connection | None:
        idle = self._idle.get(origin)
        while idle:
            connection, _ = idle.popitem()
            if connection.usable:
                return connection
        return None

    async def _turn(self) -> None:
        """Wait for a place; whoever came first is next."""
        if not self._waiting and self._busy < self._limit:
            self._busy += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._leave()  # its turn had just come
            elif place in self._waiting:
                self._waiting.remove(place)
            raise

    def _leave(self) -> None:
        """Give a place to the next who waits, or free it."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._busy -= 1

    def _make_room(self) -> None:
        """Close the connection that has waited longest if no more may be open."""
        if len(self._open) < self._limit:
            return
        oldest = min((next(iter(idle)) for idle in self._idle.values() if idle), key=lambda it: it.since, default=None)
        if oldest is not None:
            self._forget(oldest)

    def _expire(self) -> None:
        """Close connections that have waited too long; look again when the next one will have."""
        loop = asyncio.get_running_loop()
        self._sweep = None
        now = loop.time()
        for idle in self._idle.values():
            while idle and (oldest := next(iter(idle))).since + KEPT <= now:
                self._forget(oldest)
        self._idle = {origin: idle for origin, idle in self._idle.items() if idle}
        if self._idle:
            first = min(next(iter(idle)).since for idle in self._idle.values())
            self._sweep = loop.call_at(first + KEPT, self._expire)

    def _forget(self, connection: Connection) -> None:
        self._idle[connection.origin].pop(connection, None)
        connection.close()
