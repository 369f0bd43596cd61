"""A request body that is sent while it still arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from .answer import Answer
from .connection import Connection


class Upload(Protocol):
    """A body in pieces, `length` bytes in all. It is read once; whoever cannot send it again says so in `spent`."""

    @property
    def length(self) -> int: ...
    @property
    def media_type(self) -> str: ...
    @property
    def spent(self) -> bool: ...
    def chunks(self) -> AsyncIterator[bytes]: ...


async def send_upload(upload: Upload, connection: Connection, answer: Answer, patience: float) -> None:
    """Send the pieces of an upload; as long as they move, the wait for an answer begins anew.

    Raises what reading them raises, and ValueError when they are more or fewer than was said.
    """
    loop = asyncio.get_running_loop()
    left = upload.length
    async for chunk in upload.chunks():
        left -= len(chunk)
        if left < 0:
            break
        answer.due = min(loop.time() + patience, answer.deadline)
        connection.write(chunk)
        await connection.room()
    if left:
        raise ValueError("the pieces are not as long as was said")
