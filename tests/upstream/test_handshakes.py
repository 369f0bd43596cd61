"""Encrypted connections: only to whom the certificate names, and nothing is sent to anybody else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from torouter.upstream.client import Client, Timers, UpstreamRequest

from tests.faults.certificates import Authority, authority
from tests.upstream.tools import Maker, body, failure

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
PATIENT = Timers(connect=20)


class Service:
    """Answers behind a handshake; notes what it heard."""

    def __init__(self, answer: bytes = ANSWER) -> None:
        self.answer = answer
        self.heard: list[bytes] = []
        self.connections = 0
        self.spoken: list[str | None] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.spoken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        try:
            while True:
                self.heard.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(self.answer)
                if self.answer is not ANSWER:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self, context: ssl.SSLContext) -> AsyncIterator[UpstreamRequest]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=context)
        async with server:
            yield request(server.sockets[0].getsockname()[1])


def request(port: int, timers: Timers = PATIENT) -> UpstreamRequest:
    return UpstreamRequest("POST", f"https://127.0.0.1:{port}/", [], b"", timers, allow_private=True)


def trusting(signer: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=signer.path)


@pytest.fixture
def signer(tmp_path: Path) -> Authority:
    return authority(tmp_path)


async def test_who_has_the_right_certificate_is_asked_again_and_again(make: Maker, signer: Authority) -> None:
    client, service = make(context=trusting(signer)), Service()
    async with service.listening(signer.serves("127.0.0.1")) as asked:
        for _ in range(3):
            assert await body(await client.send(asked)) == b"ok"
        assert (len(service.heard), service.connections) == (3, 1)
        await client.aclose()


@pytest.mark.parametrize("name, expired, known", [
    ("other.test", False, True), ("127.0.0.2", False, True), ("127.0.0.1", True, True), ("127.0.0.1", False, False),
], ids=["another name", "another address", "over", "signed by a stranger"])  # fmt: skip
async def test_who_has_another_certificate_is_told_nothing(
    make: Maker, signer: Authority, tmp_path: Path, name: str, expired: bool, known: bool
) -> None:
    trusted = signer if known else authority(tmp_path / "stranger")
    client, service = make(context=trusting(trusted)), Service()
    async with service.listening(signer.serves(name, expired=expired)) as asked:
        fault = await failure(client, asked)
        assert (fault.error["code"], fault.outcome, service.heard) == ("upstream_tls", "tls", [])
        await client.aclose()


async def test_what_the_system_trusts_is_trusted_and_nobody_else(signer: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(signer.path))
    client, service = Client(), Service()
    async with service.listening(signer.serves("127.0.0.1")) as asked:
        assert await body(await client.send(asked)) == b"ok"
        await client.aclose()
    monkeypatch.delenv("SSL_CERT_FILE")
    client = Client()
    async with service.listening(signer.serves("127.0.0.1")) as asked:
        assert (await failure(client, asked)).outcome == "tls"
        await client.aclose()


async def test_only_the_version_that_is_spoken_is_offered(signer: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(signer.path))
    client, service = Client(), Service()
    context = signer.serves("127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with service.listening(context) as asked:
        assert await body(await client.send(asked)) == b"ok"
        assert service.spoken == ["http/1.1"]
        await client.aclose()


async def test_a_handshake_that_is_torn_off_is_no_connection(make: Maker, signer: Authority) -> None:
    async def tear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    client = make(context=trusting(signer))
    server = await asyncio.start_server(tear, "127.0.0.1", 0)
    async with server:
        fault = await failure(client, request(server.sockets[0].getsockname()[1]))
    assert (fault.error["kind"], fault.outcome in {"connect", "tls", "reset"}) == ("bad_gateway", True)
    await client.aclose()


async def test_a_handshake_without_an_answer_is_a_connection_that_takes_too_long(make: Maker, signer: Authority) -> None:
    gone = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(1000):
                pass
        except OSError:
            pass
        gone.set()
        writer.close()

    client = make(context=trusting(signer))
    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        fault = await failure(client, request(server.sockets[0].getsockname()[1], Timers(connect=0.5)))
        assert (fault.error["kind"], fault.outcome) == ("timeout", "connect")
        await gone.wait()
    await client.aclose()


async def test_who_leaves_in_the_handshake_leaves_nothing_behind(signer: Authority) -> None:
    held: list[asyncio.StreamWriter] = []
    gone = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        try:
            while await reader.read(1000):
                pass
        except OSError:
            pass
        gone.set()
        writer.close()

    client = Client(connections=1, context=trusting(signer))
    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        asked = request(server.sockets[0].getsockname()[1])
        sending = asyncio.create_task(client.send(asked))
        while not held:
            await asyncio.sleep(0.005)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await gone.wait()
    service = Service()
    async with service.listening(signer.serves("127.0.0.1")) as asked:
        assert await body(await client.send(asked)) == b"ok"
    await client.aclose()


@pytest.mark.parametrize("answer, outcome", [
    (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok", "truncated"),
    (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", "truncated"),
    (b"HTTP/1.1 200 OK\r\ncontent-", "reset"),
])  # fmt: skip
async def test_an_end_that_comes_too_early_is_one_behind_a_handshake_too(make: Maker, signer: Authority, answer: bytes, outcome: str) -> None:
    client, service = make(context=trusting(signer)), Service(answer)
    async with service.listening(signer.serves("127.0.0.1")) as asked:
        assert (await failure(client, asked)).outcome == outcome
        await client.aclose()


async def test_a_body_that_ends_with_its_connection_is_whole_behind_a_handshake_too(make: Maker, signer: Authority) -> None:
    client, service = make(context=trusting(signer)), Service(b"HTTP/1.1 200 OK\r\n\r\nhello")
    async with service.listening(signer.serves("127.0.0.1")) as asked:
        assert await body(await client.send(asked)) == b"hello"
        await client.aclose()
