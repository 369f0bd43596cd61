"""Answers byte for byte: what is taken, what is refused, and after which of them the connection is used again."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from torouter.upstream.client import Transport

from tests.support.scripted import Scene, Upstream
from tests.upstream.tools import MAKERS, body, failure, to

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
LENGTH = OK + b"content-length: 5\r\n\r\nhello"


@dataclass(frozen=True)
class Case:
    """What is sent, and what must come of it; `not_by` are the libraries that see it otherwise, and are left to it."""

    raw: bytes
    wanted: bytes | str = b"hello"
    again: bool = True
    method: str = "POST"
    closes: bool = False
    not_by: tuple[str, ...] = field(default=())


BOTH = ("aiohttp", "http2")
CASES = {
    "a length": Case(LENGTH),
    "chunks": Case(CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"),
    "many chunks": Case(CHUNKED + b"".join(b"1\r\n%c\r\n" % letter for letter in b"hello") + b"0\r\n\r\n"),
    "chunks in capitals": Case(CHUNKED + b"00A\r\nhellohello\r\n0\r\n\r\n", b"hellohello"),
    "a chunk with an extension": Case(CHUNKED + b"5;a=b\r\nhello\r\n0\r\n\r\n"),
    "trailers": Case(CHUNKED + b"5\r\nhello\r\n0\r\nx-check: 1\r\n\r\n"),
    "no body": Case(OK + b"content-length: 0\r\n\r\n", b""),
    "an empty stream": Case(CHUNKED + b"0\r\n\r\n", b""),
    "status 204": Case(b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "status 304": Case(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", b"", not_by=("aiohttp",)),
    "no reason": Case(b"HTTP/1.1 200\r\ncontent-length: 5\r\n\r\nhello"),
    "a head before the last": Case(b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH),
    "heads before the last": Case(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 20 + LENGTH),
    "a head that is asked for alone": Case(OK + b"content-length: 5\r\n\r\n", b"", again=False, method="HEAD", not_by=BOTH),
    "an end by the connection's": Case(OK + b"\r\nhello", again=False, closes=True),
    "an end that is announced": Case(OK + b"connection: close\r\ncontent-length: 5\r\n\r\nhello", again=False),
    "an older version": Case(b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello", again=False),
    "an older version that stays": Case(b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello", not_by=("http2",)),
    "more than was declared": Case(LENGTH + b"more", again=False, not_by=BOTH),
    "an answer behind the answer": Case(LENGTH + LENGTH, again=False, not_by=("http2",)),
    "more behind the last chunk": Case(CHUNKED + b"5\r\nhello\r\n0\r\n\r\nmore", again=False, not_by=BOTH),
    "words for who upgrades": Case(OK + b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 5\r\n\r\nhello", not_by=BOTH),
    "two lengths": Case(OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello", "malformed"),
    "the same length twice": Case(OK + b"content-length: 5\r\ncontent-length: 5\r\n\r\nhello", "malformed", not_by=BOTH),
    "a length and a coding": Case(OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "malformed", not_by=("http2",)),
    "a length that is none": Case(OK + b"content-length: +5\r\n\r\nhello", "malformed"),
    "a length beyond numbers": Case(OK + b"content-length: 99999999999999999999999\r\n\r\nhello", "malformed", not_by=("http2",)),
    "a coding that nobody knows": Case(OK + b"transfer-encoding: gzip\r\n\r\nhello", "malformed", closes=True, not_by=BOTH),
    "a coding within another": Case(OK + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "malformed", not_by=BOTH),
    "a coding twice": Case(OK + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "malformed", not_by=BOTH),
    "a line without its return": Case(b"HTTP/1.1 200 OK\ncontent-length: 5\n\nhello", "malformed", not_by=BOTH),
    "a blank before the colon": Case(OK + b"x : y\r\ncontent-length: 5\r\n\r\nhello", "malformed"),
    "a header on two lines": Case(OK + b"x: y\r\n z\r\ncontent-length: 5\r\n\r\nhello", "malformed", not_by=BOTH),
    "a zero in a header": Case(OK + b"x: \0\r\ncontent-length: 5\r\n\r\nhello", "malformed", not_by=("aiohttp",)),
    "a header without a name": Case(OK + b": y\r\ncontent-length: 5\r\n\r\nhello", "malformed"),
    "a status of two digits": Case(b"HTTP/1.1 20 OK\r\ncontent-length: 5\r\n\r\nhello", "malformed"),
    "a status of no class": Case(b"HTTP/1.1 999 X\r\ncontent-length: 5\r\n\r\nhello", "malformed", not_by=BOTH),
    "too many headers": Case(OK + b"x: y\r\n" * 2000 + b"content-length: 5\r\n\r\nhello", "malformed", not_by=("http2",)),
    "a header without an end": Case(OK + b"x: " + b"y" * 200_000 + b"\r\n\r\n", "malformed"),
    "another protocol": Case(b"SSH-2.0-x\r\n\r\n", "malformed"),
    "another protocol is switched to": Case(b"HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello", "malformed"),
    "another protocol without a word": Case(b"HTTP/1.1 101 X\r\n\r\nhello", "malformed", not_by=BOTH),
    "a chunk without a size": Case(CHUNKED + b"\r\nhello\r\n0\r\n\r\n", "truncated", not_by=BOTH),
    "a chunk whose size is no number": Case(CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", "truncated", not_by=("aiohttp",)),
    "a chunk of a negative size": Case(CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", "truncated", not_by=("aiohttp",)),
    "a chunk beyond numbers": Case(CHUNKED + b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "truncated", closes=True, not_by=("aiohttp",)),
    "a chunk that does not end": Case(CHUNKED + b"5\r\nhelloXX0\r\n\r\n", "truncated", not_by=("aiohttp",)),
    "trailers without an end": Case(CHUNKED + b"5\r\nhello\r\n0\r\nx: " + b"y" * 200_000, "truncated", closes=True, not_by=("aiohttp",)),
    "extensions without an end": Case(CHUNKED + b"5;" + b"y" * 200_000, "truncated", closes=True),
    "a length that is not reached": Case(OK + b"content-length: 6\r\n\r\nhello", "truncated", closes=True),
    "chunks that do not end": Case(CHUNKED + b"5\r\nhello\r\n", "truncated", closes=True, not_by=("aiohttp",)),
    "half a chunk": Case(CHUNKED + b"6\r\nhello", "truncated", closes=True),
    "half a head": Case(b"HTTP/1.1 200 OK\r\ncontent-", "reset", closes=True),
    "nothing": Case(b"", "reset", closes=True),
}  # fmt: skip


def played(case: Case) -> tuple[object, ...]:
    async def raw(scene: Scene) -> None:
        await scene.send(case.raw)
        if case.closes:
            scene.writer.close()

    async def good(scene: Scene) -> None:
        await scene.answer(b"good")

    return raw, good


@pytest.mark.parametrize("name, kind", [(name, kind) for name in CASES for kind in MAKERS if kind not in CASES[name].not_by])
async def test_an_answer_is_what_its_bytes_say(name: str, kind: str) -> None:
    case = CASES[name]
    client: Transport = MAKERS[kind]()
    try:
        async with Upstream(*played(case)) as upstream:  # type: ignore[arg-type]
            request = to(upstream, method=case.method)
            if isinstance(case.wanted, bytes):
                assert await body(await client.send(request)) == case.wanted
            else:
                assert (await failure(client, request)).outcome == case.wanted
            assert await body(await client.send(to(upstream))) == b"good"
            connections = {seen.peer for seen in upstream.seen}
            assert len(connections) == (1 if case.again and isinstance(case.wanted, bytes) else 2)
    finally:
        await client.aclose()


@pytest.mark.parametrize("name", CASES)
def test_the_faster_loop_changes_nothing(name: str) -> None:
    uvloop = pytest.importorskip("uvloop")
    uvloop.run(test_an_answer_is_what_its_bytes_say(name, "http"))
