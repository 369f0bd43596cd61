"""Heads that two readers could understand differently are refused, and nothing after them is served."""

from __future__ import annotations

import pytest
from torouter.server.head import HeadCheck, RefusedHead, hopeless

from tests.support.client import KEY, RawClient, request
from tests.support.fake import FakeProvider, FakeSnapshot, FakeTarget
from tests.support.running import running

SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH = str(len(SMUGGLED)).encode()

BAD = {
    "space before the colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : %b" % LENGTH,
    "space before the colon of a coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked",
    "folded line": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c",
    "indented length": b"POST / HTTP/1.1\r\nHost: x\r\n\tContent-Length: %b" % LENGTH,
    "line feed in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d",
    "carriage return in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d",
    "zero in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0",
    "delete in a value": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x7f",
    "space in a name": b"GET / HTTP/1.1\r\nHost: x\r\nA b: c",
    "bracket in a name": b"GET / HTTP/1.1\r\nHost: x\r\nA(: c",
    "no name": b"GET / HTTP/1.1\r\nHost: x\r\n: c",
    "no colon": b"GET / HTTP/1.1\r\nHost: x\r\nabc",
    "no host": b"GET / HTTP/1.1\r\nA: b",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x",
    "host with a path": b"GET / HTTP/1.1\r\nHost: x/#@evil",
    "empty host": b"GET / HTTP/1.1\r\nHost:",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1",
    "list of lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1",
    "foreign digit": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \u0661".encode(),
    "signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1",
    "endless length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 30,
    "length and coding": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
    "odd coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked",
    "two credentials": b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b",
    "two keys": b"GET / HTTP/1.1\r\nHost: x\r\nX-Key: a\r\nx-key: b",
    "absolute target": b"GET http://evil/ HTTP/1.1\r\nHost: x",
    "no target": b"GET HTTP/1.1\r\nHost: x",
    "lower-case method": b"get / HTTP/1.1\r\nHost: x",
    "old version": b"GET / HTTP/0.9\r\nHost: x",
    "new version": b"PRI * HTTP/2.0\r\nHost: x",
    "many headers": b"GET / HTTP/1.1\r\nHost: x" + b"\r\nA: b" * 101,
    "coding in the old version": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked",
    "fragment": b"GET /a#b HTTP/1.1\r\nHost: x",
    "foreign target": "GET /é HTTP/1.1\r\nHost: x".encode(),
}


@pytest.mark.parametrize("head", BAD.values(), ids=BAD.keys())
def test_a_bad_head_is_not_accepted(head: bytes) -> None:
    with pytest.raises(RefusedHead) as refused:
        HeadCheck({"Authorization", "x-key"}).read(head)
    assert refused.value.status == (431 if head.count(b"\r\n") > 100 else 400)


@pytest.mark.parametrize("status, head", [
    (405, b"BREW / HTTP/1.1\r\nHost: x"),
    (405, b"CONNECT / HTTP/1.1\r\nHost: x"),
    (414, b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\nHost: x"),
    (431, b"GET / HTTP/1.1\r\nHost: x" + b"\r\nA: b" * 100),
])  # fmt: skip
def test_a_head_that_is_only_too_much_is_refused_by_its_own_status(status: int, head: bytes) -> None:
    with pytest.raises(RefusedHead) as refused:
        HeadCheck().read(head)
    assert refused.value.status == status


@pytest.mark.parametrize("begun", [b"\x16\x03\x01", b"\n", b"\r\n", b"get", b"GET /\r\n", b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\r\nA: b\nC", b"GET / HTTP/1.1\r\nA\rB", b"A" * 21])
def test_what_can_become_no_head_is_not_waited_for(begun: bytes) -> None:
    assert hopeless(begun)


def test_every_beginning_of_a_good_head_has_hope() -> None:
    head = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-A: \t caf\xc3\xa9 \r\n\r\n"
    assert not any(hopeless(head[:length]) for length in range(1, len(head)))


@pytest.mark.parametrize("head", [
    b"GET / HTTP/1.1\r\nHost: x",
    b"GET /a?b=c%20d HTTP/1.0\r\nhost:localhost:8080",
    b"POST / HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 12 \r\nX-A: \t caf\xc3\xa9 \r\nEmpty:",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked",
    b"GET / HTTP/1.1\r\nHost: x\r\nAccept: a\r\nAccept: b",
])  # fmt: skip
def test_a_good_head_is_accepted(head: bytes) -> None:
    HeadCheck({"Authorization"}).read(head)


def serving() -> FakeSnapshot:
    return FakeSnapshot({"m": [FakeTarget(FakeProvider("http://127.0.0.1:1"))]})


@pytest.mark.parametrize("name", ["space before the colon", "indented length", "space before the colon of a coding"])
async def test_what_follows_a_bad_head_is_never_served_as_a_request(name: str) -> None:
    async with running(serving()) as gateway, RawClient(gateway.port) as client:
        await client.send(BAD[name] + b"\r\n\r\n" + SMUGGLED)
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json["of"] == "line-talk"
        assert await client.closed()


async def test_a_body_without_a_length_is_refused_and_the_connection_closed() -> None:
    async with running(serving()) as gateway, RawClient(gateway.port) as client:
        head = request("POST", "/sse/talk", None, KEY, Transfer_Encoding="chunked")
        await client.send(head + b"0x1\r\nZXX0\r\n\r\n" + SMUGGLED)
        answer = await client.answer()
        assert (answer.status, answer.json["code"], answer.headers["connection"]) == (411, "length_required", "close")
        assert await client.closed()


async def test_too_long_a_head_is_refused() -> None:
    async with running(serving()) as gateway, RawClient(gateway.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 20_000 + b"\r\n\r\n")
        answer = await client.answer()
        assert (answer.status, answer.headers["content-type"]) == (431, "application/json")


@pytest.mark.parametrize("version, fields, persists", [
    (b"1.1", b"", True),
    (b"1.1", b"\r\nConnection: close", False),
    (b"1.1", b"\r\nConnection: x-a, Close", False),
    (b"1.1", b"\r\nConnection: TE\r\nConnection: close", False),
    (b"1.1", b"\r\nConnection: Upgrade\r\nUpgrade: h2c", False),
    (b"1.1", b"\r\nConnection: TE", True),
    (b"1.0", b"", False),
    (b"1.0", b"\r\nConnection: Keep-Alive", True),
])  # fmt: skip
def test_a_head_says_whether_its_connection_stays(version: bytes, fields: bytes, persists: bool) -> None:
    assert HeadCheck().read(b"GET / HTTP/" + version + b"\r\nHost: x" + fields).persists is persists


def test_a_head_gives_its_fields_by_name() -> None:
    head = HeadCheck().read(b"POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-A: \t caf\xc3\xa9 \r\nAccept: a\r\nACCEPT:b\r\nEmpty:")
    assert (head.method, head.target) == ("POST", "/a%20b?c=d")
    assert head.fields == {"host": "x", "x-a": "café", "accept": "a, b", "empty": ""}
