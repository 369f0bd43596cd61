"""A stream on its way from a target through a converter to the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ..protocol.errors import Json
from ..upstream.client import UpstreamResponse
from ..upstream.errors import UpstreamError
from ..wire.frame import FrameError
from .exchange import Exchange
from .outcomes import STOPPED, Names, of_fault
from .outlet import Outlet
from .plan import Plan, Relay
from .redact import without_secrets
from .state import keep

DRAIN = 0.5
"""Seconds in which something may follow the end of a stream."""


class Pump:
    """Converts and writes until the source is over, or it breaks, or we are told to stop.

    `error` and `names` say how the source broke, `arrived` whether a byte of it came. `last` is still to be written:
    what came together with the end leaves together with it.
    """

    __slots__ = (
        "_attempt", "_clock", "_converter", "_data", "_exchange", "_fault", "_outlet", "_plan", "_response",
        "arrived", "error", "last", "names",
    )  # fmt: skip

    def __init__(
        self, exchange: Exchange, plan: Plan, converter: Relay, response: UpstreamResponse, outlet: Outlet
    ) -> None:
        self._exchange = exchange
        self._plan = plan
        self._converter = converter
        self._response = response
        self._outlet = outlet
        self._attempt = exchange.tries[-1]
        self._clock = exchange.routing.clock
        self._data: bytes | None = None  # what was converted and is not written
        self._fault: Exception | None = None
        self.error: Json | None = None
        self.names: Names = ()
        self.arrived = False
        self.last = b""

    async def run(self) -> None:
        """Run to the end. Raises CancelledError when the client is gone."""
        try:
            await self._run()
        except (UpstreamError, FrameError) as fault:
            self.error, self.names = of_fault(fault)
        except asyncio.CancelledError:
            exchange, task = self._exchange, asyncio.current_task()
            if exchange.stopping is None or task is None:
                raise
            task.uncancel()
            self.error, self.names, self.last = exchange.stopping, (STOPPED,), self._data or b""
        finally:
            self._response.sink(None)

    async def _run(self) -> None:
        exchange, converter, outlet, response = self._exchange, self._converter, self._outlet, self._response
        attempt, chunks = self._attempt, response.aiter_raw()
        async for chunk in chunks:
            self.arrived = True
            data = self._converted(chunk)
            del chunk  # a client that does not read holds as little as can be
            if converter.failed is not None:
                if not exchange.reply.started:
                    return
                data = redacted_of(exchange, data)
            if converter.over:
                await keep_streamed(exchange, self._plan, converter)
            if converter.over and response.over():
                self.last = data
            elif not outlet.push(data):
                await outlet.put(data, visible=converter.begun)
            if attempt.first is None and converter.begun:
                attempt.first = self._clock() - exchange.started
                exchange.let_go()  # nobody else is asked now, and a long conversation streams as long as a short one
                self._plan.let_go()
                response.sink(self._take)
            if converter.over:  # what follows is no output: a client that leaves now has everything
                exchange.outcome = outcome_of(converter)
                response.sink(None)
                if not response.over():
                    await self._afterwards(chunks)
                return

    def _take(self, chunk: bytes) -> bool:
        """Pass on what has just come, in the very moment; false for what is more than that, and waits here."""
        began, converter = self._clock(), self._converter
        try:
            data = converter.feed(chunk)
        except Exception as fault:  # noqa: BLE001 - it is raised where the stream is waited for
            self._fault = fault
            return False
        if converter.failed is None and not converter.over and self._outlet.push(data):
            self._attempt.waited -= self._clock() - began
            return True
        self._data = data
        return False

    def _converted(self, chunk: bytes) -> bytes:
        """What a piece becomes, or what is left of one that could not be passed on at once."""
        if self._fault is not None:
            raise self._fault
        if self._data is None:
            return self._converter.feed(chunk)
        data, self._data = self._data, None
        return data

    async def _afterwards(self, chunks: AsyncIterator[bytes]) -> None:
        """Let through what comes within a moment behind the end, where every byte belongs to the client."""
        until = asyncio.get_running_loop().time() + DRAIN
        while not self._converter.satisfied:
            try:
                async with asyncio.timeout_at(until):
                    chunk = await anext(chunks)
            except (StopAsyncIteration, TimeoutError):
                return
            await self._outlet.put(self._converter.feed(chunk), visible=True)


async def keep_streamed(exchange: Exchange, plan: Plan, converter: Relay) -> None:
    """Keep an answer that has ended well, before its end goes out: a client may go on from it at once."""
    if converter.over and converter.failed is None:
        await keep(exchange, plan, converter.answer)


def redacted_of(exchange: Exchange, data: bytes) -> bytes:
    """What a stream says of its failure, without the credential that the upstream was sent."""
    return without_secrets(data, exchange.target.provider) if exchange.target is not None else data


def outcome_of(converter: Relay) -> str:
    """What a stream that is over came to."""
    return "ok" if converter.failed is None else str(converter.failed["kind"])
