"""How a stream that fails ends: in the words of the stream's own rules, else in those of the error file."""

from __future__ import annotations

import orjson
import pytest
from torouter.config.document import load_document
from torouter.config.sources import BUILTIN
from torouter.diagnostics import Diagnostics
from torouter.protocol import Call, WireProtocol, compile_protocol

FILES = {
    "protocol": "protocol: lines\nfamily: lines\nframing: {kind: ndjson}\n",
    "response.encode": "make: {id: =response.id}\n",
    "error.encode": "status: =error.status\nmake: {}\nstream:\n  - {oops: =error.message}\n",
}
TELLING = """
number: line
dispatch: =event.type
state: {said: []}
rules:
  - on: part.delta
    set: {said: "=joined(state.said, as_list(event.text))"}
    emit: {more: =event.text}
"""
ENDING = """
  - on: error
    emit: {broken: =event.error.message, so_far: =state.said, of: =event.response.id}
"""
TEXT = {"output": 0, "index": 0, "ordinal": 0, "kind": "text"}
EVENTS = [
    {"type": "part.start", **TEXT},
    {"type": "part.delta", **TEXT, "text": "Hello"},
    {
        "type": "error",
        "error": {"kind": "server", "status": 500, "message": "It burns."},
        "response": {"id": "a", "outputs": []},
    },
]


@pytest.mark.parametrize(
    ("rules", "last"),
    [
        pytest.param(TELLING, {"oops": "It burns.", "line": 1}, id="no rule for it: the error file"),
        pytest.param(
            TELLING + ENDING,
            {"broken": "It burns.", "so_far": ["Hello"], "of": "a", "line": 1},
            id="a rule knows what was told",
        ),
    ],
)
def test_an_error_ends_a_stream(rules: str, last: dict[str, object]) -> None:
    encoder = compiled(rules).stream_encoder(Call())
    frames = [orjson.loads(line) for line in encoder.feed(EVENTS).splitlines()]
    assert frames == [{"more": "Hello", "line": 0}, last]
    assert encoder.over
    assert encoder.failed


def compiled(rules: str) -> WireProtocol:
    found = Diagnostics()
    texts = {**FILES, "stream.encode": rules}
    documents = {name: load_document(text, f"{name}.yaml", BUILTIN, found) for name, text in texts.items()}
    protocol = compile_protocol("lines", {name: it for name, it in documents.items() if it is not None}, found)
    assert not found.items, [item.message for item in found.items]
    return protocol
