"""Requests that are sent while they still arrive: held back, answered early, broken off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from torouter.upstream.aiohttp_client import AiohttpClient
from torouter.upstream.client import Client, Transport, UpstreamRequest
from torouter.upstream.upload import send_upload

from tests.upstream.tools import Maker, body, failure
from tests.upstream.wire import Wire

ANSWER = b"HTTP/1.1 %d X\r\ncontent-length: 2\r\n\r\nok"


class Pieces:
    """An upload of some pieces; after `held` of them it waits for `go`, and then raises `fault` if there is one."""

    media_type = "text/plain"
    spent = False

    def __init__(self, *pieces: bytes, held: int = 10_000, length: int | None = None, fault: Exception | None = None) -> None:
        self._pieces = pieces
        self._held = held
        self._fault = fault
        self.length = sum(map(len, pieces)) if length is None else length
        self.go = asyncio.Event()
        self.taken = 0
        self.closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            for number, piece in enumerate(self._pieces):
                if number == self._held:
                    await self.go.wait()
                    if self._fault is not None:
                        raise self._fault
                self.taken += 1
                yield piece
                await asyncio.sleep(0)
        finally:
            self.closed = True


class Taker:
    """A service that answers once it has read `enough` bytes of a body; then it reads on."""

    def __init__(self, enough: int, status: int = 200) -> None:
        self.enough = enough
        self.status = status
        self.got = bytearray()
        self.gone = asyncio.Event()
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def __aenter__(self) -> Taker:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1024)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")  # a body is sent behind its head
            answered = False
            while True:
                await self.may_read.wait()
                if not answered and len(self.got) >= self.enough:
                    answered = True
                    writer.write(ANSWER % self.status)
                    await writer.drain()
                piece = await reader.read(1000)
                if not piece:
                    break
                self.got += piece
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.gone.set()
            writer.transport.abort()


def upload(taker: Taker, pieces: Pieces) -> UpstreamRequest:
    return UpstreamRequest("POST", taker.url, [], pieces, allow_private=True)


async def test_the_pieces_arrive_in_their_order(client: Transport) -> None:
    pieces = Pieces(*(b"%04d" % number for number in range(100)))
    async with Taker(pieces.length) as taker:
        assert await body(await client.send(upload(taker, pieces))) == b"ok"
        assert bytes(taker.got) == b"".join(b"%04d" % number for number in range(100))


@pytest.mark.parametrize("make", [Client, AiohttpClient])  # the library of the other sends all before it listens
async def test_an_answer_before_the_end_of_the_request_is_an_answer(client: Transport) -> None:
    pieces = Pieces(b"a" * 10, b"b" * 10, held=1)
    async with Taker(10, 413) as taker:
        response = await client.send(upload(taker, pieces))
        assert (response.status, await body(response)) == (413, b"ok")
        await taker.gone.wait()
        assert (pieces.taken, bytes(taker.got)) == (1, b"a" * 10)


async def test_who_gets_no_answer_to_an_upload_does_not_send_the_rest() -> None:
    client = Client()
    pieces = Pieces(b"a" * 10, b"b" * 10, held=1)
    async with Taker(20) as taker:
        sending = asyncio.create_task(client.send(upload(taker, pieces)))
        while len(taker.got) < 10:
            await asyncio.sleep(0.005)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await taker.gone.wait()
    assert pieces.closed
    await client.aclose()


async def test_who_reads_slowly_is_not_sent_more_than_fits() -> None:
    client = Client()
    pieces = Pieces(*[b"x" * 65_536] * 1000)
    async with Taker(pieces.length) as taker:
        taker.may_read.clear()
        sending = asyncio.create_task(client.send(upload(taker, pieces)))
        before = -1
        while pieces.taken != before:  # until nothing moves any more
            before = pieces.taken
            await asyncio.sleep(0.2)
        assert 0 < pieces.taken < 500
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        taker.may_read.set()
        await taker.gone.wait()
    await client.aclose()


async def test_who_breaks_an_upload_off_breaks_the_request_off(make: Maker) -> None:
    client = make()
    pieces = Pieces(b"a" * 10, b"b" * 10, held=1, fault=RuntimeError("gone"))
    pieces.go.set()
    async with Taker(20) as taker:
        fault = await failure(client, upload(taker, pieces))
        assert fault.error["kind"] in {"server", "bad_gateway"}
        await taker.gone.wait()
        assert len(taker.got) < 20
    await client.aclose()


@pytest.mark.parametrize("length", [5, 15])
async def test_an_upload_of_another_length_than_was_said_is_not_finished(length: int) -> None:
    client = Client()
    async with Taker(20) as taker:
        fault = await failure(client, upload(taker, Pieces(b"a" * 10, length=length)))
        assert fault.outcome == "request"
        await taker.gone.wait()
        assert len(taker.got) <= 10
    await client.aclose()


async def test_as_long_as_pieces_move_the_wait_begins_anew() -> None:
    wire = Wire()
    pieces = Pieces(b"a", b"b", held=1)
    before = wire.answer.due = asyncio.get_running_loop().time()
    sending = asyncio.create_task(send_upload(pieces, wire.connection, wire.answer, 60))
    while pieces.taken < 1:
        await asyncio.sleep(0)
    first = wire.answer.due
    pieces.go.set()
    await sending
    assert before + 60 <= first <= wire.answer.due < before + 600
    assert wire.line.sent[1:] == [b"a", b"b"]


async def test_but_no_longer_than_everything_may_take() -> None:
    wire = Wire()
    await send_upload(Pieces(b"a"), wire.connection, wire.answer, 6000)
    assert wire.answer.due == wire.answer.deadline


async def test_a_connection_that_took_a_whole_upload_is_used_again() -> None:
    client = Client()
    async with Taker(10) as taker:
        assert await body(await client.send(upload(taker, Pieces(b"a" * 10)))) == b"ok"
        assert len(client._pool._open) == 1
        assert sum(map(len, client._pool._idle.values())) == 1
    await client.aclose()
