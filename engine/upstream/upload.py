"""A request body that is sent while it still arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import httpx


class Upload(Protocol):
    """A body in pieces, `length` bytes in all. It is read once; whoever cannot send it again says so in `spent`."""

    @property
    def length(self) -> int: ...
    @property
    def media_type(self) -> str: ...
    @property
    def spent(self) -> bool: ...
    def chunks(self) -> AsyncIterator[bytes]: ...


class Uploading(httpx.AsyncByteStream):
    """The pieces of an upload on their way; as long as they move, the wait for an answer begins anew."""

    def __init__(self, upload: Upload, timer: asyncio.Timeout, patience: float, deadline: float) -> None:
        self._upload = upload
        self._timer = timer
        self._patience = patience
        self._deadline = deadline

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        async for chunk in self._upload.chunks():
            if not self._timer.expired():
                self._timer.reschedule(min(loop.time() + self._patience, self._deadline))
            yield chunk
