"""Load: a bounded number of requests over a bounded number of connections, all to the loopback address."""

from __future__ import annotations

import asyncio


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read one answer whole and give the size of its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert b" 200 " in head.split(b"\r\n", 1)[0], head
    at = head.find(b"content-length:")
    if at >= 0:
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        return length
    size = 0
    while length := int(await reader.readline(), 16):
        await reader.readexactly(length + 2)
        size += length
    await reader.readline()
    return size


async def _connection(port: int, request: bytes, count: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    size = 0
    for _ in range(count):
        writer.write(request)
        size += await _answer(reader)
    writer.close()
    return size


async def run(port: int, request: bytes, *, connections: int, count: int) -> int:
    """Send `count` requests over each connection; gives the bytes of all answers' bodies."""
    return sum(await asyncio.gather(*(_connection(port, request, count) for _ in range(connections))))


def post(path: str, body: bytes, key: str) -> bytes:
    """Write a request as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\nanthropic-version: 2023-06-01\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
