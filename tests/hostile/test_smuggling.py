"""Requests that hide in the bodies of others are not served: never more than a strict reader would forward."""

from __future__ import annotations

import asyncio

import pytest

from tests.hostile.payloads import payloads, strictly
from tests.hostile.probe import answered
from tests.support.fake import FakeProvider, FakeSnapshot, FakeTarget
from tests.support.running import running

LIMIT = 20  # connections at once


async def test_whatever_hides_a_request_no_more_is_served_than_a_strict_reader_forwards() -> None:
    """A body in chunks is not taken at all, so that fewer may be served; every answer is one of ours."""
    tried = sorted(set(payloads()))
    assert len(tried) >= 500
    gate = asyncio.Semaphore(LIMIT)

    async def served(payload: bytes) -> tuple[int, bool]:
        async with gate:
            return await answered(gateway.port, payload)

    async with running(FakeSnapshot({"m": [FakeTarget(FakeProvider("http://127.0.0.1:1"))]})) as gateway:
        found = await asyncio.gather(*map(served, tried))
    assert [payload for payload, (count, _) in zip(tried, found, strict=True) if count > len(strictly(payload))] == []
    assert [payload for payload, (_, waits) in zip(tried, found, strict=True) if waits] == []


@pytest.mark.parametrize(("payload", "lines"), [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n", [b"GET / HTTP/1.1", b"GET /b HTTP/1.1"]),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nabGET /b HTTP/1.1\r\nHost: x\r\n\r\n", [b"POST / HTTP/1.1", b"GET /b HTTP/1.1"]),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nA\r\n0\r\nX: y\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n", [b"POST / HTTP/1.1", b"GET /b HTTP/1.1"]),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nAXX0\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n", [b"POST / HTTP/1.1"]),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\nab", []),
])  # fmt: skip
def test_the_strict_reader_forwards_what_may_be_forwarded(payload: bytes, lines: list[bytes]) -> None:
    assert strictly(payload) == lines
