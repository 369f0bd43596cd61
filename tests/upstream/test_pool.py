"""The pool: the last that came back is the first that is taken, and nobody who leaves keeps a place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from torouter.upstream.answer import Answer
from torouter.upstream.client import Client, Timers, UpstreamRequest
from torouter.upstream.connection import Connection
from torouter.upstream.destination import Origin
from torouter.upstream.errors import UpstreamError, unreachable
from torouter.upstream.pool import KEPT, Pool

from tests.upstream.wire import ORIGIN, Line, hear

OTHER = Origin(tls=False, host="two.test", port=80, private=False)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Dial:
    """Makes connections without a network; `gate` holds them back before they are there, `last` when they are."""

    def __init__(self) -> None:
        self.made: list[Connection] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.last = asyncio.Event()
        self.last.set()
        self.fails = False

    async def __call__(self, origin: Origin, make: Callable[[], Connection]) -> Connection:
        await self.gate.wait()
        if self.fails:
            raise unreachable("connect")
        connection = make()
        connection.connection_made(Line())
        self.made.append(connection)
        await self.last.wait()
        return connection


class Pooled:
    """A pool with connections that answer when they are told."""

    def __init__(self, limit: int = 2) -> None:
        self.dial = Dial()
        self.pool = Pool(limit, self.dial)

    async def take(self, origin: Origin = ORIGIN, *, fresh: bool = False) -> Connection:
        found = None if fresh else self.pool.idle(origin)
        return found or await self.pool.connection(origin, fresh=fresh)

    def use(self, connection: Connection, *, head: bytes = ANSWER) -> None:
        """One request and its answer."""
        loop = asyncio.get_running_loop()
        connection.begin(Answer(loop, 60, loop.time() + 60, 1000), b"")
        hear(connection, head)

    def closed(self) -> list[bool]:
        return [connection._transport is None or connection._transport.is_closing() for connection in self.dial.made]


@pytest.fixture
async def pooled() -> Pooled:
    return Pooled()


async def test_the_last_that_came_back_is_the_first_that_is_taken(pooled: Pooled) -> None:
    one, two = await pooled.take(), await pooled.take()
    pooled.use(one)
    pooled.use(two)
    assert [await pooled.take(), await pooled.take()] == [two, one]
    assert len(pooled.dial.made) == 2


async def test_who_asks_for_a_new_one_gets_one(pooled: Pooled) -> None:
    one = await pooled.take()
    pooled.use(one)
    assert await pooled.take(fresh=True) is not one


async def test_another_origin_gets_another_connection(pooled: Pooled) -> None:
    one = await pooled.take()
    pooled.use(one)
    assert await pooled.take(OTHER) is not one


async def test_what_ended_while_it_waited_is_not_taken(pooled: Pooled) -> None:
    one, two = await pooled.take(), await pooled.take()
    for connection in (one, two):
        pooled.use(connection)
    two.eof_received()
    two.connection_lost(None)
    hear(one, b"HTTP/1.1 408 Request Timeout\r\n")
    assert await pooled.take() not in {one, two}


async def test_nobody_passes_who_waits(pooled: Pooled) -> None:
    taken = [await pooled.take(), await pooled.take()]
    order: list[int] = []

    async def wait(number: int) -> None:
        connection = await pooled.take()
        order.append(number)
        pooled.use(connection)

    waiting = [asyncio.create_task(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    assert pooled.pool.idle(ORIGIN) is None
    for connection in taken:
        pooled.use(connection)
    assert pooled.pool.idle(ORIGIN) is None  # those that came back are for who waited
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2]
    assert len(pooled.dial.made) == 2


async def test_who_leaves_while_waiting_keeps_no_place(pooled: Pooled) -> None:
    taken = [await pooled.take(), await pooled.take()]
    waiting = [asyncio.create_task(pooled.take()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    pooled.use(taken[0])  # its turn has come ...
    waiting[1].cancel()  # ... and it leaves in the same moment
    assert await waiting[2] is taken[0]
    assert [task.cancelled() for task in waiting] == [True, True, False]
    pooled.use(taken[0])
    pooled.use(taken[1])
    assert len({await pooled.take(), await pooled.take()}) == 2


async def test_who_leaves_while_connecting_keeps_no_place(pooled: Pooled) -> None:
    pooled.dial.gate.clear()
    for _ in range(5):
        task = asyncio.create_task(pooled.take())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    pooled.dial.gate.set()
    assert len({await pooled.take(), await pooled.take()}) == 2


@pytest.mark.parametrize("steps", range(12))
async def test_whenever_a_request_is_left_it_keeps_no_place(pooled: Pooled, steps: int) -> None:
    client = Client(connections=2)
    client._pool = pooled.pool
    asked = UpstreamRequest("POST", "http://one.test/", [], b"")
    for _ in range(3):
        pooled.dial.gate.clear()
        sending = asyncio.create_task(client.send(asked))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        pooled.dial.gate.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        for _ in range(5):
            await asyncio.sleep(0)
    assert pooled.pool._busy == 0
    assert set(pooled.closed()) <= {True}


async def test_the_time_for_which_we_stood_still_is_not_the_services(pooled: Pooled) -> None:
    client = Client()
    client._pool = pooled.pool
    pooled.dial.gate.clear()
    asked = UpstreamRequest("POST", "http://one.test/", [], b"", Timers(connect=0.1))
    sending = asyncio.create_task(client.send(asked))
    for _ in range(3):
        await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.15, pooled.dial.gate.set)
    time.sleep(0.4)  # the loop does nothing else meanwhile
    for _ in range(20):
        await asyncio.sleep(0)
    assert (len(pooled.dial.made), sending.done()) == (1, False)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def test_who_cannot_be_reached_keeps_no_place(pooled: Pooled) -> None:
    pooled.dial.fails = True
    for _ in range(5):
        with pytest.raises(UpstreamError):
            await pooled.take()
    pooled.dial.fails = False
    assert len({await pooled.take(), await pooled.take()}) == 2


async def test_who_leaves_its_answer_keeps_no_place(pooled: Pooled) -> None:
    loop = asyncio.get_running_loop()
    for head in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\nbegun"):
        for _ in range(3):
            connection = await pooled.take()
            answer = Answer(loop, 60, loop.time() + 60, 1000)
            connection.begin(answer, b"")
            hear(connection, head)
            await answer.aclose()
            await answer.aclose()
            connection.connection_lost(None)
    assert pooled.closed() == [True] * 9
    assert len({await pooled.take(), await pooled.take()}) == 2


async def test_what_was_never_used_is_given_back(pooled: Pooled) -> None:
    for _ in range(3):
        pooled.pool.unused(await pooled.take())
    assert pooled.closed() == [True] * 3
    assert len({await pooled.take(), await pooled.take()}) == 2


async def test_who_waits_for_another_origin_makes_room(pooled: Pooled) -> None:
    one, two = await pooled.take(), await pooled.take()
    for connection in (one, two):
        pooled.use(connection)
    await pooled.take(OTHER)
    assert pooled.closed() == [True, False, False]


async def test_what_nobody_uses_is_closed_in_time(pooled: Pooled) -> None:
    one, two = await pooled.take(), await pooled.take()
    for connection in (one, two):
        pooled.use(connection)
    one.since -= KEPT
    pooled.pool._expire()
    assert pooled.closed() == [True, False]
    two.since -= KEPT
    pooled.pool._expire()
    assert pooled.closed() == [True, True]
    assert pooled.pool._sweep is None
    await asyncio.sleep(0)


async def test_what_is_given_up_on_its_way_is_not_waited_for_at_the_end(pooled: Pooled) -> None:
    pooled.dial.last.clear()
    task = asyncio.create_task(pooled.take())
    while not pooled.dial.made:
        await asyncio.sleep(0)
    task.cancel()  # some loops close such a connection and tell it nothing
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(10):
        await pooled.pool.aclose()


async def test_at_the_end_nothing_is_open(pooled: Pooled) -> None:
    one = await pooled.take()
    pooled.use(one)
    await pooled.take(OTHER)
    closing = asyncio.create_task(pooled.pool.aclose())
    await asyncio.sleep(0)
    assert pooled.closed() == [True, True]
    for connection in pooled.dial.made:
        connection.connection_lost(None)
    await closing
