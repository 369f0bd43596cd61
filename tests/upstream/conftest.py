"""The transports that reach services; what holds for all of them is asked of each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from torouter.upstream.client import Transport

from tests.upstream.tools import MAKERS, Maker


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Maker:
    return MAKERS[request.param]


@pytest.fixture
async def client(make: Maker) -> AsyncIterator[Transport]:
    client = make()
    yield client
    await client.aclose()
