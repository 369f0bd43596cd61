"""Bytes that two readers of HTTP could cut into requests in two ways, made systematically; and a strict reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: hidden\r\n\r\n"
LAST = b"GET /readyz HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n"
LENGTH = str(len(HIDDEN)).encode()
OUTER = b"POST /healthz HTTP/1.1\r\nHost: outer\r\n"

NAMES = (
    b"%b", b" %b", b"\t%b", b"%b ", b"%b\t", b"%b\x0b", b"\x0b%b", b"\0%b", b"%b\0", b"%b\r", b"X: y\n%b", b"X: y\r%b", b"X: y\r\n %b",
    b"X: y\r\n\t%b", b"\r\n%b", b"%b:", b"X\xa0%b", b"\xef\xbb\xbf%b",
)  # fmt: skip
LENGTHS = (
    b"%b", b" %b ", b"+%b", b"-%b", b"0%b", b"0x%b", b"%b.0", b"%be0", b"%b_0", b"%b,%b", b"%b, 0", b"0, %b", b'"%b"', b"%b;a=b", b"%b\x0b",
    b"\x0c%b", b"%b\0", b"%b\r\n 0", b"\xc2\xa0%b", b"%b a", b"%b\n", b"9" * 25 + b"%b", b"", b"\xd9\xa3\xd9\xa6",
)  # fmt: skip
CODINGS = (
    b"chunked", b"Chunked", b"CHUNKED", b" chunked ", b"\x0bchunked", b"chunked\x0b", b"\0chunked", b"chunked\0", b"xchunked", b"chunkedx",
    b",chunked", b"chunked,", b"chunked, identity", b"identity, chunked", b"identity", b"gzip, chunked", b"chunked, chunked", b'"chunked"',
    b"chunked;a=b", b"chunked a", b"chun\r\n ked", b"\r\n chunked", b"chunked\r\n\tx", b"chunked\n", b"chunked\r", b"\xa0chunked", b"chunk\xc3\xa9d", b"",
)  # fmt: skip
ENDS = (
    b"0\r\n\r\n", b"00\r\n\r\n", b"0x0\r\n\r\n", b"+0\r\n\r\n", b"-0\r\n\r\n", b" 0\r\n\r\n", b"0 \r\n\r\n", b"0\t\r\n\r\n", b"0;a\r\n\r\n", b"0;a=b\r\n\r\n",
    b"0;a\nb\r\n\r\n", b"0;a\rb\r\n\r\n", b"0;\0\r\n\r\n", b"0\n\n", b"0\r\n\n", b"0\n\r\n", b"0\r\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"0\r\nContent-Length: 9\r\n\r\n",
    b"0\r\n X\r\n\r\n", b"1\r\nA\r\n0\r\n\r\n", b"1\r\nAXX0\r\n\r\n", b"1\r\nA0\r\n\r\n", b"1\r\nA\n0\r\n\r\n", b"2\r\nA\r\n0\r\n\r\n", b"01\r\nA\r\n0\r\n\r\n", b"1_0\r\nA\r\n0\r\n\r\n",
    b"10000000000000000\r\n\r\n", b"ffffffffffffffff\r\n\r\n", b"\r\n0\r\n\r\n", b"1;" + b"a" * 300 + b"\r\nA\r\n0\r\n\r\n", b"A\r\n",
)  # fmt: skip
CODED = b"Transfer-Encoding"
SIZED = b"Content-Length"


def payloads() -> Iterator[bytes]:
    """Every payload, with a request behind it that ends the connection where both sides are still in step."""
    for body in _bodies():
        yield body + LAST


def _bodies() -> Iterator[bytes]:
    chunks = b"0\r\n\r\n" + HIDDEN
    for name, value in product(NAMES, LENGTHS):
        if name == NAMES[0] or value == LENGTHS[0]:  # one oddity at a time
            yield OUTER + name % SIZED + b": " + value.replace(b"%b", LENGTH) + b"\r\n\r\n" + HIDDEN
    for name, value in product(NAMES, CODINGS):
        yield OUTER + name % CODED + b": " + value + b"\r\n\r\n" + chunks
    for value in CODINGS:
        sized, coded = SIZED + b": %d\r\n" % len(chunks), CODED + b": " + value + b"\r\n"
        yield OUTER + sized + coded + b"\r\n" + chunks
        yield OUTER + coded + sized + b"\r\n" + chunks
        yield OUTER + CODED + b": identity\r\n" + coded + b"\r\n" + chunks
    for one, other in product((LENGTH, b"0", b"5"), repeat=2):
        yield OUTER + SIZED + b": " + one + b"\r\n" + SIZED + b": " + other + b"\r\n\r\n" + HIDDEN
        yield OUTER + SIZED + b": " + one + b"\r\ncontent_length: " + other + b"\r\n\r\n" + HIDDEN
    for end in ENDS:
        yield OUTER + CODED + b": chunked\r\n\r\n" + end + HIDDEN
    for version, method in product((b"1.0", b"1.1", b"1.2", b"2.0", b"0.9", b"1.1 ", b"01.1"), (b"GET", b"POST", b"HEAD", b"DELETE", b"get")):
        head = method + b" /healthz HTTP/" + version + b"\r\nHost: outer\r\n"
        yield head + SIZED + b": " + LENGTH + b"\r\n\r\n" + HIDDEN
        yield head + CODED + b": chunked\r\n\r\n" + chunks
        yield head + b"Connection: keep-alive\r\n\r\n" + HIDDEN
    for end in (b"\n", b"\r", b"\n\r", b"\r\r\n", b"\0\r\n"):
        yield OUTER.replace(b"\r\n", end) + SIZED + b": " + LENGTH + end + end + HIDDEN
    for value in (b"Upgrade\r\nUpgrade: h2c", b"Content-Length", b"Transfer-Encoding", b"close, keep-alive"):
        yield OUTER + b"Connection: " + value + b"\r\n" + SIZED + b": " + LENGTH + b"\r\n\r\n" + HIDDEN
    for value in (b"100-continue", b"100-continue, 100-continue", b"x", b"100-Continue "):
        yield OUTER + b"Expect: " + value + b"\r\n" + SIZED + b": " + LENGTH + b"\r\n\r\n" + HIDDEN


_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+ HTTP/1\.[01]")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_TRAILERS = re.compile(rb"(?:" + _HEADER.pattern + rb"\r\n)*\r\n")


def strictly(data: bytes) -> list[bytes]:
    """The request lines that a reader forwards who takes nothing but what RFC 9112 allows, a head before its body."""
    lines: list[bytes] = []
    while b"\r\n\r\n" in data:
        head, _, data = data.partition(b"\r\n\r\n")
        line, *rest = head.split(b"\r\n")
        found = [_HEADER.fullmatch(header) for header in rest]
        if _LINE.fullmatch(line) is None or not all(found):
            break
        headers = [(header[1].lower(), header[2]) for header in found if header]
        lengths, codings = ([value for name, value in headers if name == wanted.lower()] for wanted in (SIZED, CODED))
        if len(lengths) + len(codings) > 1 or [name for name, _ in headers].count(b"host") != 1:
            break
        sized = re.fullmatch(rb"[0-9]{1,18}", lengths[0] if lengths else b"0")
        if sized is None or (codings and (codings[0].lower() != b"chunked" or line.endswith(b"0"))):
            break
        lines.append(line)
        after = _after_chunks(data) if codings else data[int(sized[0]) :] if len(data) >= int(sized[0]) else None
        if after is None:
            break
        data = after
    return lines


def _after_chunks(data: bytes) -> bytes | None:
    while found := _CHUNK.match(data):
        size, data = int(found[1], 16), data[found.end() :]
        if not size:
            trailers = _TRAILERS.match(data)
            return data[trailers.end() :] if trailers else None
        if data[size : size + 2] != b"\r\n":
            return None
        data = data[size + 2 :]
    return None
