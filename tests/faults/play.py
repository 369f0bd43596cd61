"""Scenes of a table: what an upstream does, step by step, in the protocol in which it is called.

A text stands for bytes, one a character. `<whole>` is a good answer of the protocol, `<stream>` the same as a stream,
`<said>` the one that was asked for, made of `<opening>`, `<text>` and `<closing>`; `<error frame>` says an error in a
stream, `<refusal:429>` one with that status. `<said:40>` is its first 40 bytes, `<said:-9>` all but its last 9, and
`<x*900>` a repetition.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from tests.faults.talks import refusal
from tests.support.scripted import Scene
from tests.support.talk import Talk

Step = str | dict[str, Any]

PAUSE = 0.05
"""Seconds of a pause: what was sent before it has been read."""

_NAMED = re.compile(r"<([a-z ]+)(?::(-?\d+))?>")
_REPEATED = re.compile(r"<([^<>]+?)\*(\d+)>")
_ZIPPED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "torn gzip": lambda data: gzip.compress(data, mtime=0)[:-20],
    "bomb": lambda data: gzip.compress(b" " * 4_000_000 + data, mtime=0),
}


def written(text: str, talk: Talk, *, stream: bool) -> bytes:
    """The bytes that a text of a table stands for."""
    known = {
        "whole": talk.whole, "stream": talk.stream, "said": talk.stream if stream else talk.whole,
        "opening": talk.opening, "text": talk.saying, "closing": talk.closing,
        "error": json.dumps(talk.error).encode(), "error frame": talk.error_frame,
    }  # fmt: skip

    def put(found: re.Match[str]) -> str:
        if found[1] == "refusal":
            return refusal(talk, int(found[2])).decode()
        if found[1] not in known:
            return found[0]
        data = known[found[1]]
        return (data[: int(found[2])] if found[2] else data).decode("latin-1")

    filled = _NAMED.sub(put, text)
    return _REPEATED.sub(lambda found: found[1] * int(found[2]), filled).encode("latin-1")


class Player:
    """Plays the steps of a row on one connection."""

    def __init__(self, scene: Scene, talk: Talk, *, stream: bool) -> None:
        self._scene = scene
        self._talk = talk
        self._stream = stream

    async def play(self, steps: Sequence[Step]) -> None:
        for step in steps:
            name, value = (step, None) if isinstance(step, str) else next(iter(step.items()))
            await getattr(self, f"_{name}")(value)

    def _bytes(self, text: str) -> bytes:
        return written(text, self._talk, stream=self._stream)

    @property
    def _kind(self) -> str:
        return "text/event-stream" if self._stream else "application/json"

    async def _head(self, said: dict[str, Any] | None) -> None:
        """The head of an answer; its members are headers, but for `status`."""
        named = {"content-type": self._kind, **(said or {})}
        status = named.pop("status", 200)
        if "content-length" not in named:
            named.setdefault("transfer-encoding", "chunked")
        lines = [
            f"HTTP/1.1 {status} X",
            *(f"{name}: {self._bytes(str(value)).decode()}" for name, value in named.items()),
        ]
        await self._scene.send("\r\n".join(line for line in lines if not line.endswith(": ")).encode() + b"\r\n\r\n")

    async def _answer(self, said: dict[str, Any]) -> None:
        """A whole answer of declared length; `zip` is a coding of `body`."""
        body = self._bytes(said.get("body", "<said>"))
        if coding := said.get("zip"):
            body = _ZIPPED[coding](body)
        named = {name: value for name, value in said.items() if name not in ("body", "zip")}
        await self._head({**named, "content-length": len(body)})
        await self._scene.send(body)

    async def _chunk(self, text: str) -> None:
        await self._scene.chunk(self._bytes(text))

    async def _raw(self, text: str) -> None:
        await self._scene.send(self._bytes(text))

    async def _forever(self, text: str) -> None:
        """The same chunk again and again."""
        data = self._bytes(text)
        while not self._scene.seen.gone.is_set():
            await self._scene.chunk(data)

    async def _drip(self, text: str) -> None:
        """One byte after the other, each in time."""
        for byte in self._bytes(text):
            await self._scene.send(bytes([byte]))
            await asyncio.sleep(PAUSE)

    async def _end(self, _: None) -> None:
        await self._scene.send(b"0\r\n\r\n")

    async def _pause(self, _: None) -> None:
        await asyncio.sleep(PAUSE)

    async def _hold(self, _: None) -> None:
        await self._scene.hold()

    async def _close(self, _: None) -> None:
        """An end, behind everything that was sent."""
        self._scene.writer.close()

    async def _reset(self, _: None) -> None:
        sock = self._scene.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._scene.reset()
