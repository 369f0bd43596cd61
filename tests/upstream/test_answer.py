"""An answer on its way: pieces go to whoever iterates or, without waking it, to a sink; all bounds hold for both."""

from __future__ import annotations

import asyncio

import pytest
from torouter.upstream.answer import Answer
from torouter.upstream.errors import UpstreamError

from tests.support.source import Source


class Reader:
    """Iterates in a task of its own."""

    def __init__(self, answer: Answer) -> None:
        self.pieces: list[bytes] = []
        self.task = asyncio.create_task(self._read(answer))

    async def _read(self, answer: Answer) -> None:
        async for piece in answer:
            self.pieces.append(piece)


def made(*, idle: float = 5.0, total: float = 5.0, cap: int = 100) -> tuple[Answer, Source]:
    loop = asyncio.get_running_loop()
    answer = Answer(loop, idle, loop.time() + total, cap)
    return answer, Source(answer)


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_sink_is_given_pieces_at_once_and_nobody_is_woken() -> None:
    answer, source = made()
    reader, sunk = Reader(answer), list[bytes]()
    await turn()
    answer.sink = lambda piece: not sunk.append(piece)
    source.send(b"one")
    assert sunk == [b"one"]
    source.send(b"two", b"three")
    await turn()
    assert (sunk, reader.pieces) == ([b"one", b"twothree"], [])
    source.end(b"last")
    await reader.task
    assert reader.pieces == [b"last"]


async def test_whoever_iterates_goes_on_where_the_sink_does_not() -> None:
    answer, source = made()
    reader, sunk = Reader(answer), list[bytes]()
    await turn()
    answer.sink = lambda piece: bool(sunk.append(piece))
    source.send(b"one")
    source.send(b"two")  # before the reader has run
    await turn()
    assert (sunk, reader.pieces) == ([b"one"], [b"", b"two"])
    source.end()
    await reader.task


async def test_nothing_goes_to_a_sink_while_nobody_waits() -> None:
    answer, source = made()
    sunk: list[bytes] = []
    answer.sink = lambda piece: not sunk.append(piece)
    source.send(b"one")
    assert (sunk, await anext(answer)) == ([], b"one")


async def test_what_a_sink_takes_counts_for_the_cap() -> None:
    answer, source = made(cap=5)
    reader, sunk = Reader(answer), list[bytes]()
    await turn()
    answer.sink = lambda piece: not sunk.append(piece)
    source.send(b"four")
    source.send(b"more")
    with pytest.raises(UpstreamError, match="larger"):
        await reader.task
    assert sunk == [b"four"]


async def test_what_a_sink_takes_moves_the_wait_for_the_next_piece_but_not_the_deadline() -> None:
    answer, source = made(idle=2.0, total=3.0)
    reader = Reader(answer)
    await turn()
    before = answer.due
    answer.sink = lambda piece: True
    await asyncio.sleep(0.01)
    source.send(b"one")
    assert before < answer.due <= answer.deadline
    assert source.due == answer.due
    answer.deadline = asyncio.get_running_loop().time()
    source.send(b"two")
    with pytest.raises(UpstreamError, match="too long"):
        await reader.task


async def test_a_reader_that_was_cancelled_wakes_nobody() -> None:
    answer, source = made()
    reader, sunk = Reader(answer), list[bytes]()
    await turn()
    answer.sink = lambda piece: bool(sunk.append(piece))
    reader.task.cancel()
    source.send(b"one")
    await turn()
    assert (sunk, reader.pieces, reader.task.cancelled()) == ([], [], True)


async def test_a_body_that_is_all_there_is_given_at_once() -> None:
    answer, source = made()
    assert answer.whole() is None
    source.end(b"all", b"of it")
    assert (answer.whole(), answer.over()) == (b"allof it", True)


async def test_a_body_that_was_begun_or_is_too_large_or_broken_is_left_to_who_iterates() -> None:
    answer, source = made()
    source.send(b"one")
    assert await anext(answer) == b"one"
    source.end(b"two")
    assert answer.whole() is None
    assert await anext(answer) == b"two"
    answer, source = made(cap=5)
    source.end(b"too much")
    assert answer.whole() is None
    answer, source = made()
    answer.expire()
    assert answer.whole() is None
    with pytest.raises(UpstreamError):
        await anext(answer)
