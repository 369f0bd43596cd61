"""A stream whose output has begun: pieces pass in the moment in which they come, everything else is the task's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from torouter.pipeline.exchange import Exchange
from torouter.pipeline.stack import Gateway
from torouter.upstream.answer import Answer
from torouter.upstream.client import UpstreamRequest, UpstreamResponse

from tests.support.fake import KEY, FakeProvider, FakeSnapshot, FakeTarget
from tests.support.inside import Asked, Given
from tests.support.moment import Moment
from tests.support.source import Source

FRAME = b'data: {"word":"%b"}\n\n'
OVER = b'data: {"over":1}\n\n'


@dataclass
class Client(Given):
    """What the client got; one that is `full` takes nothing at once, and what it waits for is `awaited`."""

    full: bool = False
    awaited: list[bytes] = field(default_factory=list)

    def push(self, data: bytes) -> bool:
        return not self.full and super().push(data)

    async def write(self, data: bytes) -> None:
        self.awaited.append(data)
        await super().write(data)


@dataclass
class Streaming:
    """A stream that is under way."""

    client: Client
    source: Source
    answer: Answer
    exchange: Exchange
    task: asyncio.Task[None]
    moment: Moment

    async def send(self, *pieces: bytes) -> None:
        """Have pieces come, and let the task do whatever it wants to do."""
        self.source.send(*pieces)
        await turn()


@dataclass
class Upstream:
    """Answers with a stream that a test fills."""

    source: Source | None = None

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        loop = asyncio.get_running_loop()
        answer = Answer(loop, 5.0, loop.time() + 5.0, 100_000)
        self.source = Source(answer)
        headers = {"content-type": "text/event-stream"}
        return UpstreamResponse(200, headers, answer, answer.aclose, answer.over, answer)

    async def aclose(self) -> None:
        """Nothing is open."""


async def turn() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


@asynccontextmanager
async def streaming(path: str = "/sse/talk") -> AsyncIterator[Streaming]:
    """A stream of which nothing has come yet."""
    upstream, client, moment = Upstream(), Client(), Moment()
    snapshot = FakeSnapshot({"m": [FakeTarget(FakeProvider("http://a", id="a"))]})
    gateway = Gateway(snapshot, {"http": upstream}, routing=moment.routing())  # type: ignore[arg-type]
    asked = Asked(orjson.dumps({"model": "m", "prompt": "?", "stream": True}), {"authorization": f"Bearer {KEY}"}, path=path)
    exchange = gateway.exchange(asked, client, "req_1")  # type: ignore[arg-type]
    task = asyncio.create_task(gateway.handle(exchange))
    await turn()
    assert upstream.source is not None
    try:
        yield Streaming(client, upstream.source, upstream.source.answer, exchange, task, moment)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_piece_passes_in_the_moment_in_which_it_comes_once_output_has_begun() -> None:
    async with streaming() as stream:
        stream.source.send(FRAME % b"one")
        assert stream.client.body == b""  # the beginning is the task's
        await turn()
        assert stream.client.body == FRAME % b"one"
        stream.source.send(FRAME % b"two")
        assert stream.client.body == FRAME % b"one" + FRAME % b"two"


async def test_a_piece_is_translated_in_the_moment_in_which_it_comes() -> None:
    async with streaming("/lines/talk") as stream:
        await stream.send(FRAME % b"one")
        stream.source.send(FRAME % b"two")
        assert stream.client.body == b'{"token":"one"}\n{"token":"two"}\n'


async def test_what_is_no_output_does_not_begin_it() -> None:
    async with streaming() as stream:
        await stream.send(b'data: {"hello":"1"}\n\n')
        stream.source.send(FRAME % b"one")
        assert stream.client.body == b""
        await turn()
        assert stream.client.body == b'data: {"hello":"1"}\n\n' + FRAME % b"one"


async def test_the_task_writes_what_a_client_does_not_take_at_once_and_in_order() -> None:
    async with streaming() as stream:
        await stream.send(FRAME % b"one")
        stream.client.full = True
        stream.source.send(FRAME % b"two")
        stream.source.send(FRAME % b"three")
        assert stream.client.body == FRAME % b"one"
        await turn()
        assert stream.client.awaited[1:] == [FRAME % b"two", FRAME % b"three"]
        stream.client.full = False
        stream.source.send(FRAME % b"four")
        assert stream.client.body == b"".join(FRAME % word for word in (b"one", b"two", b"three", b"four"))


async def test_the_end_is_the_tasks() -> None:
    async with streaming() as stream:
        await stream.send(FRAME % b"one")
        stream.source.end(FRAME % b"two", OVER)
        await stream.task
        assert stream.client.body == FRAME % b"one" + FRAME % b"two" + OVER
        assert (stream.exchange.outcome, stream.answer.sink) == ("ok", None)


async def test_an_error_in_a_piece_is_told_and_nothing_follows_it() -> None:
    async with streaming() as stream:
        await stream.send(FRAME % b"one")
        stream.source.end(b'data: {"fault":"busy"}\n\n')
        await stream.task
        assert stream.client.body == FRAME % b"one" + b'data: {"fault":"busy"}\n\n'
        assert (stream.exchange.tries[0].outcome, stream.answer.sink) == ("overloaded", None)


async def test_bytes_that_cannot_be_read_are_a_fault_of_the_stream_and_not_of_the_connection() -> None:
    async with streaming() as stream:
        await stream.send(FRAME % b"one")
        stream.source.send(b"data: {\n\n")  # raises where the pieces come from a connection, were it not kept
        await asyncio.gather(stream.task, return_exceptions=True)
        assert stream.client.body.startswith(FRAME % b"one")
        assert (stream.answer.sink, stream.answer.source) == (None, None)  # let go of


async def test_an_answer_has_no_sink_any_more_when_its_client_has_left() -> None:
    async with streaming() as stream:
        await stream.send(FRAME % b"one")
        stream.task.cancel()
        await asyncio.gather(stream.task, return_exceptions=True)
        assert (stream.answer.sink, stream.answer.source) == (None, None)


async def test_what_a_piece_costs_is_no_time_in_which_the_upstream_was_waited_for() -> None:
    async with streaming() as stream:
        await stream.send(FRAME % b"one")
        stream.moment.now += 1.0
        push = stream.client.push

        def slow(data: bytes) -> bool:
            stream.moment.now += 0.25
            return push(data)

        stream.client.push = slow  # type: ignore[method-assign]
        stream.source.send(FRAME % b"two")
        stream.source.end(OVER)
        await stream.task
        assert stream.exchange.tries[0].waited == 1.0
