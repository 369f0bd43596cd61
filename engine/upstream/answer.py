"""One answer on its way: read by one task while a connection fills it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from .errors import UpstreamError, timed_out, too_large, unsendable

_GRAIN = 0.002
"""Seconds by which the clock of a loop may be behind that of its timers."""


Sink = Callable[[bytes], bool]
"""Takes a piece of a body as it comes, and tells whether nobody has to be woken for it."""


class Source(Protocol):
    """What fills an answer as long as it lasts."""

    def taken(self) -> bytes: ...
    def watch(self, due: float) -> None: ...
    def drop(self) -> None: ...


class Answer:
    """The head of an answer, and its body as an iterator; what is wrong comes behind everything that was right.

    `status` is 0 until the head is there; `due` is the moment until which the next news are waited for. While there is
    a `sink`, pieces go to it at once, for waking a task costs more than most pieces; whoever iterates is given an empty
    piece when the sink does not want to go on alone, and the end.
    """

    __slots__ = (
        "_cap", "_idle", "_loop", "_size", "_stuck", "_waiter",
        "deadline", "due", "fault", "headers", "rest", "sending", "sink", "source", "status",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, idle: float, deadline: float, cap: int) -> None:
        self._loop = loop
        self._idle = idle
        self._cap = cap
        self._size = 0
        self._stuck = False  # the sink has not gone on alone
        self._waiter: asyncio.Future[None] | None = None
        self.sink: Sink | None = None
        self.deadline = deadline
        self.due = deadline
        self.status = 0
        self.headers: dict[str, str] = {}
        self.source: Source | None = None
        self.sending: asyncio.Task[None] | None = None
        self.rest = b""
        self.fault: UpstreamError | None = None

    async def head(self, due: float) -> None:
        """Wait until `status` and `headers` are there; `due` may be moved meanwhile. Raises UpstreamError."""
        self.due = due
        try:
            while not self.status:
                if self.fault is not None:
                    raise self.fault
                await self._news()
        except BaseException:
            await self.aclose()
            raise

    def __aiter__(self) -> Answer:
        return self

    async def __anext__(self) -> bytes:
        """What has come since the last time, as one piece. Raises UpstreamError when the body does not arrive whole."""
        while True:
            source = self.source
            if source is None:
                chunk, self.rest = self.rest, b""
            else:
                now = self._loop.time()
                if now >= self.deadline:
                    self.expire()
                    continue
                chunk = source.taken()
            if chunk:
                self._size += len(chunk)
                if self._size > self._cap:
                    self._drop()
                    raise too_large(self._cap)
                return chunk
            if source is None:
                if self.fault is not None:
                    raise self.fault
                raise StopAsyncIteration
            self.due = min(now + self._idle, self.deadline)
            await self._news()
            if self._stuck:
                self._stuck = False
                return b""

    def whole(self) -> bytes | None:
        """The whole body, if all of it is there already; what is too large, or broken, is told to who iterates."""
        if self.source is not None or self.fault is not None or self._size or len(self.rest) > self._cap:
            return None
        body, self.rest = self.rest, b""
        return body

    def over(self) -> bool:
        """Whether the whole body has been read."""
        return self.source is None and not self.rest and self.fault is None

    def send(self, sending: Coroutine[Any, Any, None]) -> None:
        """Have the rest of the request sent beside the wait for its answer, which fails with it."""
        self.sending = self._loop.create_task(sending)
        self.sending.add_done_callback(self._sent)

    @property
    def asked(self) -> bool:
        """Whether the whole request has been sent."""
        sending = self.sending
        return sending is None or (sending.done() and not sending.cancelled() and sending.exception() is None)

    def wake(self) -> None:
        """Tell the reader that there are news."""
        if self._waiter is None or self._waiter.done() or (self.sink is not None and self._sunk(self.sink)):
            return
        if not self._waiter.done():  # what was too much has told so itself
            self._waiter.set_result(None)

    def _sunk(self, sink: Sink) -> bool:
        """Give the sink what has come; whether it has been given something, and goes on alone."""
        source, now = self.source, self._loop.time()
        if source is None or now >= self.deadline or not (chunk := source.taken()):
            return False
        self._size += len(chunk)
        if self._size > self._cap:
            self.fault = too_large(self._cap)
            self._drop()
            return False
        if not sink(chunk):
            self._stuck = True
            return False
        self.due = min(now + self._idle, self.deadline)
        source.watch(self.due)
        return True

    def ring(self) -> float | None:
        """The timer has run out: the moment at which to look again, if anybody still waits."""
        if self._waiter is None or self._waiter.done():
            return None
        if self._loop.time() + _GRAIN < self.due:
            return self.due
        self.expire()
        return None

    def expire(self) -> None:
        """Give up waiting."""
        total = self._loop.time() + _GRAIN >= self.deadline
        if not self.status:
            self.fault = timed_out("did not answer in time", "total" if total else "first_byte")
        else:
            self.fault = timed_out("took too long", "total") if total else timed_out("fell silent", "idle")
        self._drop()

    async def aclose(self) -> None:
        """Let go of the connection; one whose answer was not read to its end is closed."""
        self._drop()
        self.rest = b""
        if self.sending is not None and not self.sending.done():
            self.sending.cancel()
            await asyncio.wait([self.sending])

    def _sent(self, sending: asyncio.Task[None]) -> None:
        cause = None if sending.cancelled() else sending.exception()
        if cause is not None and self.source is not None:
            self.fault = unsendable()
            self.fault.__cause__ = cause
            self._drop()

    def _drop(self) -> None:
        if self.source is not None:
            self.source.drop()

    async def _news(self) -> None:
        """Sleep until the connection has something to tell, or the timer runs out."""
        assert self.source is not None
        self.source.watch(self.due)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
