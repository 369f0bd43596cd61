"""Content codings of answers: we ask for none, and undo those that come nevertheless."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol

from .errors import broken, malformed, too_large

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Chunks(Protocol):
    """A body as it arrives, that has to be closed."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def __anext__(self) -> bytes: ...
    async def aclose(self) -> None: ...


async def decoded(chunks: Chunks, coding: str, cap: int) -> AsyncGenerator[bytes, None]:
    """The plain bytes of an answer in `coding`.

    Raises UpstreamError for an unknown coding, for broken or cut data, and when more than `cap` bytes come out.
    """
    window = _WINDOWS.get(coding)
    if window is None:
        raise malformed("The upstream used an unknown content coding.", "upstream_coding")
    inflate = zlib.decompressobj(window)
    total = 0
    try:
        async for chunk in chunks:
            data = inflate.decompress(chunk, cap + 1 - total)
            total += len(data)
            if total > cap:
                raise too_large(cap)
            if data:
                yield data
    except zlib.error as fault:
        raise malformed("The upstream's answer is damaged.", "upstream_coding") from fault
    finally:
        await chunks.aclose()
    if not inflate.eof:
        raise broken()
