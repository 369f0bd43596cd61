"""Protocols that are about something else than conversations, made up: asked, answered, streamed, and told what is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_line
from torouter.protocol import Call, RequestRejected, UpstreamErrorBody, WireProtocol

FILES = {
    # Asks `{what, many, tint, extra}`, answers `{pictures: [...]}`, streams `{soon}` and `{done}`.
    "brush/protocol": "protocol: brush\nsubject: image\nerrors: letters\nframing: {kind: ndjson}",
    "brush/request.decode": """
make:
  prompt: =body.what
  n: =body.many
  background: =body.tint
  quality: =body.how
loss:
  extra: {severity: reject, why: nobody else can do that}
""",
    "brush/request.encode": "make: {what: =request.prompt, many: =request.n, tint: =request.background, how: =request.quality}",
    "brush/response.decode": """
passes: =is_list(body.pictures)
make:
  images:
    $each: =body.pictures
    $as: picture
    data: =picture
  usage: {input: =body.words}
""",
    "brush/response.encode": """
make:
  pictures:
    $each: =response.images
    $as: image
    $value: =image.data
  words: =response.usage.input
""",
    "brush/stream.decode": """
state: {finished: false}
complete: =state.finished
rules:
  - when: =event.soon
    emit: [{type: partial, data: =event.soon}]
  - when: =event.done
    set: {finished: true}
    emit:
      - type: answer
        response:
          images:
            - data: =event.done
          usage: {input: =event.words}
""",
    "brush/stream.encode": """
dispatch: =event.type
rules:
  - on: partial
    emit: [{soon: =event.data}]
  - on: answer
    $each: =event.response.images
    $as: image
    emit: [{done: =image.data}]
  - on: end
    emit: [{words: =event.response.usage.input}]
""",
    # Takes neither a number nor a quality, and a background only in one colour; speaks to nobody's clients.
    "pencil/protocol": "protocol: pencil\nsubject: image\nerrors: letters\nframing: {kind: ndjson}",
    "pencil/request.encode": """
make: {draw: =request.prompt, paper: =request.background}
loss:
  n: {severity: reject, why: it draws one}
  background:
    why: it has white paper only
    severity:
      $when: =request.background != 'white'
      $value: warn
""",
    "pencil/response.decode": """
make:
  images:
    - $when: =body.drawn
      data: =body.drawn
""",
}  # fmt: skip


@pytest.fixture
def wires(tmp_path: Path) -> dict[str, WireProtocol]:
    return dict(load(tmp_path).protocols)


def load(folder: Path, found: Diagnostics | None = None, **routes: str) -> Snapshot:
    """Compile the made-up protocols beside the letters, whose errors they share."""
    letters = Path(__file__).parent / "transforms" / "letters"
    texts = {f"transforms/{name}.yaml": text for name, text in FILES.items()}
    texts |= {f"transforms/letters/{file.name}": file.read_text() for file in letters.glob("*.yaml")}
    texts |= {f"{name}.yaml": text for name, text in routes.items()}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    seen = found or Diagnostics()
    snapshot = compile_project(load_project(folder, seen, builtin=False), seen)
    assert found is not None or [render_line(item) for item in seen.items if item.severity == "error"] == []
    return snapshot


def test_a_request_reaches_the_other_protocol_and_what_it_lacks_is_told(wires: dict[str, WireProtocol]) -> None:
    call = Call()
    request = wires["brush"].decode_request({"what": "a cat", "tint": "red", "how": "good", "n": 1}, call)
    encoded = wires["pencil"].encode_request({**request, "model": "m"}, call)
    assert encoded.body == {"draw": "a cat", "paper": "red"}
    assert {loss.path: loss.severity for loss in encoded.losses} == {"quality": "warn", "background": "warn", "native.brush.n": "warn"}
    white = wires["brush"].decode_request({"what": "a cat", "tint": "white", "many": 1, "how": "auto"}, call)
    assert wires["pencil"].encode_request(white, call).losses == ()


@pytest.mark.parametrize(("asked", "param"), [({"many": 2}, "n"), ({"extra": 1}, "native.brush.extra")])
def test_what_must_not_be_lost_is_refused(wires: dict[str, WireProtocol], asked: Any, param: str) -> None:
    call = Call()
    request = wires["brush"].decode_request({"what": "a cat", **asked}, call)
    with pytest.raises(RequestRejected) as refused:
        wires["pencil"].encode_request(request, call)
    assert refused.value.error["param"] == param


def test_what_no_rule_reads_is_written_back_to_its_own_protocol(wires: dict[str, WireProtocol]) -> None:
    call = Call()
    body = {"what": "a cat", "extra": [1]}
    assert wires["brush"].encode_request(wires["brush"].decode_request(body, call), call).body == body


def test_a_request_without_what_the_subject_needs_is_refused_by_name(wires: dict[str, WireProtocol]) -> None:
    with pytest.raises(RequestRejected) as refused:
        wires["brush"].decode_request({"many": 2}, Call())
    assert refused.value.error["param"] == "prompt"


def test_an_answer_without_what_the_subject_needs_is_an_error(wires: dict[str, WireProtocol]) -> None:
    with pytest.raises(UpstreamErrorBody) as said:
        wires["pencil"].decode_response({"sorry": True}, Call())
    assert said.value.error["status"] == 502


def test_what_is_not_counted_is_told(wires: dict[str, WireProtocol]) -> None:
    call = Call()
    response = wires["pencil"].decode_response({"drawn": "ZHJhd24="}, call)
    assert wires["brush"].encode_response(response, call) == {"pictures": ["ZHJhd24="]}
    assert call.lost == {"usage"}


def test_an_answer_passes_only_as_its_protocol_says(wires: dict[str, WireProtocol]) -> None:
    assert wires["brush"].passes({"pictures": []}, Call())
    assert not wires["brush"].passes({"pictures": "one"}, Call())
    assert wires["pencil"].passes({"anything": 1}, Call())


STREAM = b'{"soon":"YQ=="}\n{"done":"YmI=","words":3}\n{"done":"Y2M=","words":4}\n'


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_a_stream_is_gathered_however_it_is_cut(wires: dict[str, WireProtocol], size: int) -> None:
    call = Call()
    decoder, encoder = wires["brush"].stream_decoder(call, wires["brush"]), wires["brush"].stream_encoder(call)
    events = [event for start in range(0, len(STREAM), size) for event in decoder.feed(STREAM[start : start + size])] + decoder.close()
    assert events[-1] == {"type": "end", "response": {"images": [{"data": "YmI="}, {"data": "Y2M="}], "usage": {"input": 4}}}
    written = [orjson.loads(line) for line in encoder.feed(events).splitlines() if line]
    assert written == [{"soon": "YQ=="}, {"done": "YmI="}, {"done": "Y2M="}, {"words": 4}]


def test_a_stream_without_its_end_is_an_error_with_what_there_was(wires: dict[str, WireProtocol]) -> None:
    decoder = wires["brush"].stream_decoder(Call(), wires["brush"])
    decoder.feed(b'{"soon":"YQ=="}\n')
    [last] = decoder.close()
    assert (last["type"], last["error"]["status"], last["response"]) == ("error", 502, {})


def test_a_whole_answer_is_written_as_a_stream(wires: dict[str, WireProtocol]) -> None:
    data = wires["brush"].encode_whole_stream({"images": [{"data": "YQ=="}], "usage": {"input": 1}}, Call())
    assert [orjson.loads(line) for line in data.splitlines() if line] == [{"done": "YQ=="}, {"words": 1}]


def test_errors_are_those_of_the_protocol_that_is_named(wires: dict[str, WireProtocol]) -> None:
    letters, error = wires["letters"], {"kind": "rate_limit", "status": 429, "message": "Slow down."}
    assert wires["brush"].encode_error(error, Call()) == letters.encode_error(error, Call())
    assert wires["pencil"].error_decode == replace(letters.error_decode, when=None) if letters.error_decode else None


ROUTES = """
auth: {{seal: [{{header: x-seal}}]}}
endpoints:
  draw: {{match: POST /draw, protocol: {protocol}, operation: {operation}, model: =body.m, auth: seal}}
"""


@pytest.mark.parametrize(
    ("protocol", "operation", "words"),
    [
        ("brush", "image", []),
        ("brush", "edit", []),
        ("brush", "generate", ['"brush" is about image, not about what "generate" asks for']),
        ("letters", "embed", ['"letters" is about generation, not about what "embed" asks for']),
        ("pencil", "image", ['the folder of "pencil" lacks request.decode.yaml, response.encode.yaml, stream.encode.yaml']),
    ],
)
def test_an_operation_wants_a_protocol_of_its_subject(tmp_path: Path, protocol: str, operation: str, words: list[str]) -> None:
    found = Diagnostics()
    load(tmp_path, found, routes=ROUTES.format(protocol=protocol, operation=operation))
    assert [item.message for item in found.items if item.severity == "error"] == words


def test_who_is_to_lend_errors_must_be_there(tmp_path: Path) -> None:
    found = Diagnostics()
    (tmp_path / "transforms" / "chalk").mkdir(parents=True)
    (tmp_path / "transforms" / "chalk" / "protocol.yaml").write_text("protocol: chalk\nerrors: nobody\n")
    load(tmp_path, found)
    assert [item.message for item in found.items if item.severity == "error"] == ['there is no "nobody" in transforms']
