"""HTTP/2: one connection carries many requests, and who leaves one leaves the others alone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from torouter.upstream.client import Timers, UpstreamRequest
from torouter.upstream.http2_client import Http2Client

from tests.faults.certificates import authority
from tests.upstream.test_uploads import Pieces
from tests.upstream.tools import body, failure

PATIENT = Timers(connect=20)


class Service:
    """Speaks HTTP/2; what it does with a request is said by the path."""

    def __init__(self) -> None:
        self.connections = 0
        self.heads: list[dict[str, str]] = []
        self.bodies: dict[int, bytes] = {}
        self.left: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        wire = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        wire.initiate_connection()
        paths: dict[int, str] = {}
        writer.write(wire.data_to_send())
        try:
            while data := await reader.read(65_536):
                for event in wire.receive_data(data):
                    self.take(event, wire, paths)
                writer.write(wire.data_to_send())
        except (OSError, ProtocolError):
            pass
        finally:
            writer.close()

    def take(self, event: Event, wire: H2Connection, paths: dict[int, str]) -> None:
        if isinstance(event, RequestReceived):
            head = dict(event.headers)  # type: ignore[arg-type]
            self.heads.append(head)  # type: ignore[arg-type]
            paths[event.stream_id] = head[":path"]  # type: ignore[index]
            self.bodies[event.stream_id] = b""
        elif isinstance(event, DataReceived):
            self.bodies[event.stream_id] += event.data
            wire.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamReset):
            self.left.append(event.stream_id)
        elif isinstance(event, StreamEnded):
            self.answer(event.stream_id, paths[event.stream_id], wire)

    def answer(self, number: int, path: str, wire: H2Connection) -> None:
        if path == "/silent":
            return
        if path == "/reset":
            wire.reset_stream(number, ErrorCodes.INTERNAL_ERROR)
            return
        wire.send_headers(number, [(":status", "200"), ("content-type", "text/plain")])
        wire.send_data(number, b"hello ")
        if path == "/torn":
            wire.reset_stream(number, ErrorCodes.INTERNAL_ERROR)
        elif path != "/unfinished":
            wire.send_data(number, b"there", end_stream=True)


@asynccontextmanager
async def service(folder: Path, client_options: dict[str, int] | None = None) -> AsyncIterator[tuple[Service, Http2Client, str]]:
    signer, found = authority(folder), Service()
    context = signer.serves("127.0.0.1")
    context.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=context)
    client = Http2Client(context=ssl.create_default_context(cafile=signer.path), **(client_options or {}))
    async with server:
        try:
            yield found, client, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            await client.aclose()


def request(url: str, *, sent: bytes | Pieces = b"{}", timers: Timers = PATIENT) -> UpstreamRequest:
    return UpstreamRequest("POST", url, [("x-one", "1")], sent, timers, allow_private=True)


async def test_many_requests_share_a_connection(tmp_path: Path) -> None:
    async with service(tmp_path) as (found, client, url):
        await body(await client.send(request(url + "/a?b=c")))
        answers = await asyncio.gather(*(client.send(request(url + "/")) for _ in range(20)))
        assert [await body(answer) for answer in answers] == [b"hello there"] * 20
        assert {answer.headers["content-type"] for answer in answers} == {"text/plain"}
        assert (found.connections, len(found.heads)) == (1, 21)
        assert (found.heads[0][":path"], found.heads[0]["x-one"], found.bodies[1]) == ("/a?b=c", "1", b"{}")
        assert found.heads[0]["accept-encoding"] == "identity"


async def test_who_leaves_leaves_the_others_alone(tmp_path: Path) -> None:
    async with service(tmp_path) as (found, client, url):
        begun = await client.send(request(url + "/unfinished"))
        assert await anext(begun.aiter_raw()) == b"hello "
        waiting = asyncio.create_task(client.send(request(url + "/silent")))
        while len(found.heads) < 2:
            await asyncio.sleep(0.005)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await begun.aclose()
        for _ in range(5):
            assert await body(await client.send(request(url + "/"))) == b"hello there"


@pytest.mark.parametrize("path, outcome", [("/reset", "reset"), ("/torn", "truncated")])
async def test_a_stream_that_is_torn_off_has_a_name(tmp_path: Path, path: str, outcome: str) -> None:
    async with service(tmp_path) as (_, client, url):
        assert (await failure(client, request(url + path))).outcome == outcome


@pytest.mark.parametrize("path, timers, outcome", [
    ("/silent", Timers(connect=20, first_byte=1), "first_byte"), ("/unfinished", Timers(connect=20, idle=0.2), "idle"),
])  # fmt: skip
async def test_silence_is_a_timeout(tmp_path: Path, path: str, timers: Timers, outcome: str) -> None:
    async with service(tmp_path) as (_, client, url):
        await body(await client.send(request(url + "/")))
        assert (await failure(client, request(url + path, timers=timers))).outcome == outcome


async def test_an_upload_arrives(tmp_path: Path) -> None:
    async with service(tmp_path) as (found, client, url):
        assert await body(await client.send(request(url + "/", sent=Pieces(b"a" * 40_000, b"b" * 40_000)))) == b"hello there"
        assert found.bodies[1] == b"a" * 40_000 + b"b" * 40_000


async def test_nobody_inside_is_called_unless_that_is_allowed() -> None:
    client = Http2Client()
    for host in ("127.0.0.1", "localhost", "127.1"):
        asked = UpstreamRequest("POST", f"https://{host}:9/", [], b"")
        assert (await failure(client, asked)).outcome in {"request", "dns"}
    await client.aclose()
