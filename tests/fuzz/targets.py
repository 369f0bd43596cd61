"""What is fuzzed: each target takes bytes, and lets through no exception but a fault of ours.

What is nested more deeply than a mapping goes is refused by the pipeline, so that here it is no fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.config.yaml import parse as parse_yaml
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.pipeline.body import parse
from torouter.pipeline.credential import lookup
from torouter.pipeline.endpoint import decode_path
from torouter.pipeline.errors import Problem
from torouter.pipeline.keys import KeyRing
from torouter.protocol import Call, RequestRejected, UpstreamErrorBody, WireProtocol
from torouter.server.head import HeadCheck, RefusedHead, hopeless
from torouter.wire.frame import FrameError
from torouter.wire.framing import KINDS
from torouter.wire.members import members, repeated
from torouter.wire.multipart import FormError, Reader, boundary_of, read_head

from tests.fuzz.mutate import mutated, mutated_json
from tests.fuzz.seeds import errors, heads, requests, responses, streams
from tests.fuzz.server import SEEDS, SERVER
from tests.laws.folders import FOLDERS, PROJECT, protocol
from tests.upstream.test_raw_answers import CASES
from tests.upstream.wire import Wire

Run = Callable[[bytes], None]


@dataclass(frozen=True)
class Target:
    """A reader with good inputs; `documents` are changed by their members, not by their letters."""

    name: str
    run: Run
    seeds: Sequence[bytes]
    documents: bool = False

    def made(self, chance: Random) -> bytes:
        """An input that is near a good one."""
        seed = chance.choice(self.seeds)
        if self.documents and chance.random() < 0.9:
            with contextlib.suppress(RecursionError):  # deeper than the one who writes it goes
                return json.dumps(mutated_json(json.loads(seed), chance)).encode()
        return mutated(seed, chance)


def head(data: bytes) -> None:
    with contextlib.suppress(RefusedHead):
        HeadCheck({"authorization"}).read(data)
        assert not any(hopeless(data[:at] if at else b"G") for at in (1, len(data) // 2, len(data) - 1)), "a good head without hope"


def frames(kind: str, data: bytes) -> None:
    """However the bytes are cut, the same frames come out, or the same refusal."""
    assert _frames(kind, [data]) == _frames(kind, [data[:7], data[7:8], *(data[at : at + 5] for at in range(8, len(data), 5))])


def _frames(kind: str, chunks: Sequence[bytes]) -> object:
    reader, found = KINDS[kind].reader(1000), []
    try:
        for chunk in chunks:
            found += reader.feed(chunk)
        found += reader.close()
    except FrameError:
        return None
    return found, reader.truncated


def answer(data: bytes) -> None:
    """However the bytes of a service are cut, the same answer comes of them, or the same fault."""
    pieces = [data[:7], data[7:8], *(data[at : at + 5] for at in range(8, len(data), 5))]
    assert asyncio.run(_answer([data])) == asyncio.run(_answer(pieces))


async def _answer(pieces: Sequence[bytes]) -> object:
    wire = Wire()
    wire.hear(pieces)
    wire.connection.connection_lost(None)
    return (await wire.outcome())[:3]


def form(data: bytes) -> None:
    """No byte is lost or added; the first line is the content type."""
    content_type, _, body = data.partition(b"\n")
    with contextlib.suppress(FormError):
        reader, raw = Reader(boundary_of(content_type.decode("latin-1"))), b""
        for at in range(0, len(body), 11):
            raw += b"".join(piece.raw for piece in reader.feed(body[at : at + 11]))
        reader.close()
        assert raw == body
    with contextlib.suppress(FormError):
        read_head(body)


def body(data: bytes) -> None:
    """The members of what is taken are those that the parser finds, each once."""
    with contextlib.suppress(Problem):
        document = parse(data)
        assert {name: orjson.loads(data[at.start : at.end]) for name, at in members(data)} == document
        assert repeated(data, document) is None


def key(data: bytes) -> None:
    assert asyncio.run(lookup(data.decode("utf-8", "surrogateescape"), {}, KeyRing({}))) is None


def path(data: bytes) -> None:
    with contextlib.suppress(Problem):
        assert "/../" not in decode_path(data.decode("latin-1")) + "/"


def settings(data: bytes) -> None:
    """Whatever stands in a file, it is read or what is wrong is said."""
    found = Diagnostics()
    parse_yaml(data.decode("utf-8", "replace"), "a.yaml", found)
    render_terminal(found)


def project(data: bytes) -> None:
    """Whatever stands in a folder, it is compiled or what is wrong is said."""
    found = Diagnostics()
    with TemporaryDirectory() as folder:
        Path(folder, "routes.yaml").write_bytes(data)
        loaded = load_project(Path(folder), found, builtin=False)
        if not found.failed:
            compile_project(loaded, found)
    render_terminal(found)


def _object(data: bytes) -> dict[str, Any]:
    with contextlib.suppress(orjson.JSONDecodeError):
        document = orjson.loads(data)
        return document if isinstance(document, dict) else {"": document}
    return {}


def request(name: str, others: Sequence[str], data: bytes) -> None:
    """Whatever is asked is refused, or told to every protocol, or refused there."""
    document = _object(data)
    for other in (name, *others):
        call = Call(model="m")
        with contextlib.suppress(RequestRejected, RecursionError):
            canonical = {**protocol(name).decode_request(document, call), "model": "m", "stream": True}
            protocol(other).encode_request(canonical, call)


def response(name: str, others: Sequence[str], data: bytes) -> None:
    document = _object(data)
    for other in (name, *others):
        call = Call(model="m")
        with contextlib.suppress(UpstreamErrorBody, RecursionError):
            protocol(other).encode_response(protocol(name).decode_response(document, call), call)


def stream(name: str, others: Sequence[str], data: bytes) -> None:
    for other in (name, *others):
        for size in (400, 16_000):      # frames that come together may be read at once
            call, told = Call(model="m"), protocol(other)
            decoder, encoder = protocol(name).stream_decoder(call, told, 100_000, runs=True), told.stream_encoder(call)
            for at in range(0, len(data), size):
                encoder.feed(decoder.feed(data[at : at + size]))
            encoder.feed(decoder.close())


def error(name: str, others: Sequence[str], data: bytes) -> None:
    told: WireProtocol = protocol(name)
    with contextlib.suppress(ValueError):
        canonical = told.decode_error(503, {"retry-after": "x"}, orjson.loads(data))
        for other in (name, *others):
            protocol(other).encode_error(canonical, Call())
            protocol(other).encode_stream_error(canonical, Call())


PROJECT_FILE = """
providers:
  mine: {base_url: "http://127.0.0.1:9/v1", allow_private: true, auth: {bearer: "env:HOME"}, timeouts: {idle: 10s}, speaks: {openai-chat: {path: /c}}}
models:
  small: {aliases: [s], targets: [{provider: mine, model: "=concat('a', 'b')", weight: 2}], fallbacks: [{to: gpt-5, on: [context_length]}]}
settings: {max_body: 1MiB, drain: 2s}
"""


def _schema(file: str) -> bytes:
    return (PROJECT / file).read_bytes()


FORM = (
    b'multipart/form-data; boundary=b\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--\r\n--b--\r\n'
)


def targets() -> dict[str, Target]:
    """Every target by name."""
    told = [data for name in FOLDERS for data in streams(name)]
    found = [
        Target("head", head, heads()),
        Target("server", SERVER.run, SEEDS),
        *(Target(f"frames.{kind}", partial(frames, kind), [*told, b'[{"a":"]"},\r\n{"b":[1]}]', b'{"a":1}\n{"b":2}\n']) for kind in KINDS),
        Target("answer", answer, [case.raw for case in CASES.values() if len(case.raw) < 2000]),
        Target("form", form, [FORM]),
        Target("body", body, [data for name in FOLDERS for data in requests(name)]),
        Target("key", key, [b"tr_live_abcdefghijklmnopqrstuvwxyz", b"sk-1"]),
        Target("path", path, [b"/v1/models/a%2Fb", b"/v1beta/models/x:y", b"/"]),
        Target("settings", settings, [_schema("routes/settings.yaml"), _schema("routes/surfaces.yaml"), _schema("routes/template/routes.yaml")]),
        Target("project", project, [_schema("routes/template/routes.yaml"), PROJECT_FILE.encode()]),
    ]
    names = list(FOLDERS)
    for name in names:
        others = [other for other in names if other != name]
        found += [
            Target(f"request.{name}", partial(request, name, others), requests(name), documents=True),
            Target(f"response.{name}", partial(response, name, others), responses(name), documents=True),
            Target(f"stream.{name}", partial(stream, name, others), streams(name)),
            Target(f"error.{name}", partial(error, name, others), errors(name), documents=True),
        ]
    return {target.name: target for target in found}
