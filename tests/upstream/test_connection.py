"""One connection: however its bytes are cut, the same comes out; what is not read is held back; timers are few."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st
from torouter.upstream.answer import Answer
from torouter.upstream.connection import HEAD, QUEUED, READ
from torouter.upstream.errors import UpstreamError

from tests.upstream.test_raw_answers import CASES
from tests.upstream.wire import Wire

WHOLE = [name for name, case in CASES.items() if not case.closes and case.method == "POST"]
LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[begin:end] for begin, end in pairwise(edges)]


async def heard(pieces: list[bytes]) -> tuple[object, ...]:
    wire = Wire()
    wire.hear(pieces)
    return await wire.outcome()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHOLE), st.lists(st.integers(0, 4000), max_size=12))
def test_any_cut_of_an_answer_says_the_same(name: str, places: list[int]) -> None:
    raw = CASES[name].raw
    wanted = CASES[name].wanted
    found = asyncio.run(heard(cut(raw, places)))
    if isinstance(wanted, bytes):
        said = found[2] if len(found) == 4 else found
        assert said == wanted
        return
    assert found[0] == wanted


@pytest.mark.parametrize("name", WHOLE)
async def test_an_answer_that_comes_letter_by_letter_says_the_same(name: str) -> None:
    raw = CASES[name].raw[:3000]
    if len(CASES[name].raw) > 3000:
        raw += CASES[name].raw[3000:]
    pieces = [raw[at : at + 1] for at in range(min(len(raw), 3000))] + ([raw[3000:]] if len(raw) > 3000 else [])
    wanted = CASES[name].wanted
    found = await heard(pieces)
    assert (found[2] if len(found) == 4 else found[0]) == wanted


async def test_the_pieces_of_one_read_are_one_piece() -> None:
    wire = Wire()
    wire.hear([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\na\r\n2\r\nbc\r\n", b"1\r\nd\r\n0\r\n\r\n"])
    assert [piece async for piece in wire.answer] == [b"abcd"]


async def test_a_connection_comes_back_when_its_answer_is_over_not_when_it_is_read() -> None:
    wire = Wire()
    wire.hear([LENGTH])
    assert wire.owner.back == [wire.connection]
    first, second = wire.answer, wire.ask()
    wire.hear([LENGTH.replace(b"hello", b"world")])
    assert [piece async for piece in first] == [b"hello"]
    assert [piece async for piece in second] == [b"world"]


async def test_a_service_that_is_not_read_has_to_wait() -> None:
    wire = Wire()
    wire.hear([b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"])
    wire.hear([b"x" * (QUEUED // 2)])
    assert wire.line.paused == 0
    wire.hear([b"x" * QUEUED])
    assert wire.line.paused == 1
    assert len(await anext(wire.answer)) == QUEUED // 2 + QUEUED
    assert wire.line.paused == 0


async def test_what_comes_with_a_full_read_is_one_piece_with_it() -> None:
    wire = Wire()
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
    wire.hear([head + b"x" * (READ - len(head))])
    assert wire.line.paused == 0
    wire.hear([b"y" * 10])
    assert wire.line.paused == 1
    assert await anext(wire.answer) == b"x" * (READ - len(head)) + b"y" * 10


async def test_the_end_of_a_connection_that_is_held_back_is_told_and_what_came_of_the_answer_is_there() -> None:
    wire = Wire()
    wire.hear([b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", b"x" * 2 * QUEUED])
    assert wire.line.paused == 1
    wire.line.closing = True
    wire.connection.connection_lost(ConnectionResetError())
    assert wire.owner.ended == [wire.connection]
    assert await anext(wire.answer) == b"x" * 2 * QUEUED
    with pytest.raises(UpstreamError):
        await anext(wire.answer)


async def test_a_connection_that_was_held_back_is_read_again_in_its_next_use() -> None:
    wire = Wire()
    wire.hear([b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"x" * 99_999, b"x"])
    assert (wire.owner.back, wire.line.paused) == ([wire.connection], 0)
    assert len(await anext(wire.answer)) == 100_000


async def test_who_speaks_unasked_is_closed() -> None:
    wire = Wire()
    wire.hear([LENGTH])
    wire.hear([b"H"])
    assert wire.line.closing


async def test_an_answer_before_the_request_has_gone_out_is_taken_and_the_connection_is_not() -> None:
    wire = Wire()
    wire.line.unsent = 1
    wire.hear([LENGTH])
    assert (wire.owner.back, wire.line.closing) == ([], True)
    assert [piece async for piece in wire.answer] == [b"hello"]


async def test_what_came_before_a_fault_is_read_before_it() -> None:
    wire = Wire()
    wire.hear([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n"])
    assert await anext(wire.answer) == b"ab"
    with pytest.raises(UpstreamError) as caught:
        await anext(wire.answer)
    assert caught.value.outcome == "truncated"


async def test_a_reset_where_the_end_would_have_been_the_connections_is_one() -> None:
    wire = Wire()
    wire.hear([b"HTTP/1.1 200 OK\r\n\r\nabc"])
    wire.connection.connection_lost(ConnectionResetError())
    assert await anext(wire.answer) == b"abc"
    with pytest.raises(UpstreamError):
        await anext(wire.answer)


@pytest.mark.parametrize("noise", [
    b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", b"\r\n",
])  # fmt: skip
async def test_what_is_no_body_is_not_listened_to_for_ever(noise: bytes) -> None:
    wire = Wire()
    wire.hear([noise] * (HEAD // len(noise) + 1))
    assert wire.line.closing
    assert wire.answer.fault is not None


async def test_a_body_in_the_smallest_chunks_is_listened_to() -> None:
    wire = Wire()
    wire.hear([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * HEAD])
    assert not wire.line.closing


async def test_a_body_without_an_end_is_not_kept() -> None:
    wire = Wire(cap=1000)
    wire.hear([b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1001])
    with pytest.raises(UpstreamError) as caught:
        await anext(wire.answer)
    assert (caught.value.error["code"], wire.line.closing) == ("upstream_too_large", True)


class Clock:
    """A loop's clock that is set by hand, and the timers that were made of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.now = loop.time()
        self.timers: list[tuple[float, object]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: object) -> asyncio.TimerHandle:
        self.timers.append((when, callback))
        return self.loop.call_later(3600, lambda: None)

    def create_future(self) -> asyncio.Future[None]:
        return self.loop.create_future()


async def test_many_reads_and_requests_share_a_timer() -> None:
    wire = Wire()
    clock = Clock(asyncio.get_running_loop())
    wire.connection._loop = clock  # type: ignore[assignment]
    for _ in range(5):
        answer = Answer(clock, 60, clock.now + 600, 1000)  # type: ignore[arg-type]
        wire.connection._answer = None
        wire.connection.begin(answer, b"")
        waiting = asyncio.create_task(answer.head(clock.now + 60))
        await asyncio.sleep(0)
        wire.hear([b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"])
        await waiting
        for letter in b"hello":
            read = asyncio.create_task(anext(answer))  # type: ignore[arg-type]
            await asyncio.sleep(0)
            clock.now += 1
            wire.hear([bytes([letter])])
            assert await read == bytes([letter])
    assert len(clock.timers) == 1


async def test_a_timer_that_rings_too_early_is_wound_up_again_and_ends_what_is_late() -> None:
    wire = Wire()
    clock = Clock(asyncio.get_running_loop())
    wire.connection._loop = clock  # type: ignore[assignment]
    answer = Answer(clock, 60, clock.now + 600, 1000)  # type: ignore[arg-type]
    wire.connection._answer = None
    wire.connection.begin(answer, b"")
    wire.hear([b"HTTP/1.1 200 OK\r\n\r\n", b"a"])
    assert await anext(answer) == b"a"
    waiting = asyncio.create_task(anext(answer))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    clock.now += 50
    wire.hear([b"b"])
    assert await waiting == b"b"
    waiting = asyncio.create_task(anext(answer))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    clock.now += 10
    wire.connection._ring()
    assert (len(clock.timers), waiting.done()) == (2, False)
    clock.now += 50
    wire.connection._ring()
    with pytest.raises(UpstreamError) as caught:
        await waiting
    assert caught.value.outcome == "idle"
    assert wire.line.closing


async def test_an_endless_body_that_is_always_there_ends_with_the_time_for_all() -> None:
    wire = Wire()
    clock = Clock(asyncio.get_running_loop())
    answer = Answer(clock, 60, clock.now + 600, 1000)  # type: ignore[arg-type]
    wire.connection._answer = None
    wire.connection.begin(answer, b"")
    wire.hear([b"HTTP/1.1 200 OK\r\n\r\n", b"a"])
    assert await anext(answer) == b"a"
    clock.now += 600
    wire.hear([b"b"])
    assert await anext(answer) == b"b"  # it came in time
    with pytest.raises(UpstreamError) as caught:
        await anext(answer)
    assert caught.value.outcome == "total"
