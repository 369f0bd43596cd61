"""A client that sees bytes: requests are written by hand, answers are read off the wire."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson

from . import canary
from .fake import KEY


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class RawClient:
    """One connection to the gateway."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def __aenter__(self) -> RawClient:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def request(self, method: str, path: str, body: bytes | None = None, key: str | None = KEY, **headers: str) -> None:
        await self.send(request(method, path, body, key, **headers))

    async def head(self) -> Answer:
        raw = await self.reader.readuntil(b"\r\n\r\n")
        lines = raw[:-4].decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        return Answer(int(lines[0].split(" ")[1]), headers, b"")

    async def answer(self) -> Answer:
        """The next answer; a permission to go on is none."""
        while (answer := await self.head()).status == 100:
            pass
        if "content-length" in answer.headers:
            answer.body = await self.reader.readexactly(int(answer.headers["content-length"]))
        else:
            while chunk := await self.chunk():
                answer.body += chunk
        canary.check(f"{answer.headers}{answer.body!r}", by_client=True)
        return answer

    async def chunk(self) -> bytes:
        """The next chunk of a chunked answer; empty at its end. Raises IncompleteReadError when the answer is cut."""
        size = int((await self.reader.readuntil(b"\r\n"))[:-2], 16)
        data = await self.reader.readexactly(size + 2)
        return data[:-2]

    async def closed(self) -> bool:
        """Wait for the gateway to close; whether it did without saying anything more."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True


def request(method: str, path: str, body: bytes | None = None, key: str | None = KEY, **headers: str) -> bytes:
    """The bytes of a request; underscores in header names stand for dashes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: gateway.test"]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")
