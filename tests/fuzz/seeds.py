"""Good inputs to begin with: the samples of each protocol, and what its own mappings write of them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from torouter.protocol import Call

from tests.laws.folders import PROJECT, protocol

ANSWER = {
    "id": "r1", "model": "m", "created": 1,
    "outputs": [{"index": 0, "stop": "end", "parts": [
        {"kind": "thinking", "text": "Hm."}, {"kind": "text", "text": "Hello, wörld"},
        {"kind": "tool_call", "id": "c1", "name": "weather", "arguments": '{"city":"Oslo"}'},
    ]}],
    "usage": {"input": 3, "output": 2},
}  # fmt: skip
ERROR = {"kind": "rate_limit", "message": "Too much.", "status": 429, "code": "slow", "retry_after": 2.5, "request_id": "r", "param": "a.b"}


@cache
def _samples(name: str) -> dict[str, Any]:
    file = PROJECT / "schema" / "protocols" / f"{name}.samples.json"
    return json.loads(file.read_bytes()) if file.exists() else {}


def _written(document: object) -> bytes:
    return json.dumps(document).encode()


def requests(name: str) -> list[bytes]:
    """Bodies of clients: the sample, with every optional member that has one of its own, one at a time."""
    samples = _samples(name)
    found = []
    for base in samples.get("request", [{"model": "m"}]):
        found.append(base)
        for place, values in samples.items():
            kind, _, member = place.partition(".")
            if kind == "request" and member and "." not in member:
                found += [{**base, member: value} for value in values]
    return [_written(document) for document in found]


def responses(name: str) -> list[bytes]:
    """Answers: the samples, and one that the protocol's own mapping writes."""
    written = protocol(name).encode_response(ANSWER, Call(model="m"))
    return [_written(document) for document in (written, *_samples(name).get("response", []))]


def streams(name: str) -> list[bytes]:
    """A whole stream, as the protocol's own mapping writes it."""
    return [protocol(name).encode_whole_stream(ANSWER, Call(model="m"))]


def errors(name: str) -> list[bytes]:
    """An error, as the protocol's own mapping writes it."""
    return [_written(protocol(name).encode_error(ERROR, Call())[2]), b'{"error":"text"}', b'{"message":[1]}', b"[]"]


def heads() -> list[bytes]:
    """Heads of good requests."""
    return [
        b"GET / HTTP/1.1\r\nHost: x",
        b"POST /v1/a?b=c%20d HTTP/1.1\r\nHost: [::1]:80\r\nAuthorization: Bearer a\r\nContent-Type: application/json\r\nContent-Length: 12",
        b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-A: caf\xc3\xa9 \t",
    ]
