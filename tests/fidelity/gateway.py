"""Doors into a gateway: the real one in a process of its own, or its compiled protocols inside this one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from tests.fidelity.door import Door
from tests.fidelity.readers import READERS
from tests.fidelity.routes import KEY, write_routes
from tests.support.corpus import Exchange
from tests.support.gateway import running_gateway
from tests.support.upstream import Reply, upstream


@asynccontextmanager
async def real_doors(folder: Path, chosen: Sequence[Exchange], clients: Iterable[str] = READERS) -> AsyncIterator[dict[str, Door]]:
    """`torouter serve` before an upstream that replays the recordings; the same door for every client."""
    replies = {x.id: Reply(x.payload, x.content_type) for x in chosen}
    async with upstream(replies.__getitem__) as origin:
        write_routes(folder, origin.url, chosen)
        with running_gateway(folder) as gateway:
            async with httpx2.AsyncClient(timeout=30) as http:
                yield dict.fromkeys(clients, Door(gateway.url, KEY, http))
