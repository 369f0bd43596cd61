"""The transports by name: those that the schema knows, and none that costs anything before it is used."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from torouter.config.schema import schema_text
from torouter.upstream.client import Client, Timers, UpstreamRequest, UpstreamResponse
from torouter.upstream.transports import MAKERS, STANDARD, Deferred, transports

from tests.support.scripted import Scene, Upstream
from tests.upstream.tools import body, to

REQUEST = UpstreamRequest("POST", "http://one.test/", [], b"", Timers())


async def nothing() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


class Made:
    """A transport that notes what is done with it."""

    def __init__(self) -> None:
        self.sent = 0
        self.closed = False

    async def send(self, _: UpstreamRequest) -> UpstreamResponse:
        self.sent += 1
        return UpstreamResponse(200, {}, nothing(), self.aclose)

    async def aclose(self) -> None:
        self.closed = True


def test_every_name_of_the_schema_has_a_transport() -> None:
    words = json.loads(schema_text("route"))["$defs"]["provider"]["properties"]["transport"]["enum"]
    assert words == list(MAKERS) == list(transports(1))
    assert STANDARD in words


async def test_a_transport_is_made_for_its_first_request_and_once() -> None:
    made: list[tuple[int, Made]] = []

    def make(connections: int) -> Made:
        made.append((connections, Made()))
        return made[-1][1]

    deferred = Deferred(make, 7)  # type: ignore[arg-type]
    assert made == []
    for _ in range(2):
        await deferred.send(REQUEST)
    [(connections, one)] = made
    assert (connections, one.sent, one.closed) == (7, 2, False)
    await deferred.aclose()
    assert one.closed


async def test_one_that_was_never_used_has_nothing_to_close() -> None:
    await Deferred(lambda _: pytest.fail("made"), 1).aclose()


@pytest.mark.parametrize("name", MAKERS)
async def test_each_answers_by_its_name(name: str) -> None:
    async def good(scene: Scene) -> None:
        await scene.answer(b"ok")

    every = transports(10)
    async with Upstream(good) as upstream:
        assert await body(await every[name].send(to(upstream))) == b"ok"
    for transport in every.values():
        await transport.aclose()


def test_the_standard_one_is_made_at_once() -> None:
    assert isinstance(transports(1)[STANDARD], Client)


def test_no_library_is_loaded_that_nobody_named() -> None:
    asked = "import sys, torouter.server.boot; print([it for it in ('aiohttp', 'httpx', 'httpcore', 'h2') if it in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=120, check=True)
    assert told.stdout.strip() == "[]"
