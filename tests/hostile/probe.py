"""What becomes of raw bytes: how many requests were served for them, and whether somebody waits for more."""

from __future__ import annotations

import asyncio
import re

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
REFUSED = {b"400", b"405", b"408", b"411", b"413", b"414", b"417", b"431", b"501", b"505"}  # of requests that were not taken as such
PATIENCE = 3.0


async def answered(port: int, payload: bytes) -> tuple[int, bool]:
    """Send bytes on a connection of their own; how many requests were served, and whether it stayed open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got, waits = b"", False
    try:
        writer.write(payload)
        async with asyncio.timeout(PATIENCE):
            while data := await reader.read(65536):
                got += data
    except TimeoutError:
        waits = True
    except OSError:
        pass
    finally:
        writer.transport.abort()
    return sum(status not in REFUSED for status in _STATUS.findall(got) if status != b"100"), waits
