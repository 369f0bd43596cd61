"""Every case beside the transforms: one side of a message made from the other, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from torouter.canonical import schema
from torouter.canonical.fold import fold
from torouter.protocol import Call, RequestRejected, WireProtocol
from torouter.wire.framing import DEFAULT_CAP

from tests.support.protocols import protocol

FOLDER = Path(__file__).parent
Case = Mapping[str, Any]


def cases() -> list[Any]:
    """Read every case; its id is where it stands and what it says."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    found = []
    for file in sorted(FOLDER.glob("*/*.yaml")):
        for case in yaml.load(file.read_text("utf-8")):
            found.append(pytest.param(file.parent.name, case, id=f"{file.parent.name}/{file.stem}: {case['name']}"))
    return found


@pytest.mark.parametrize(("name", "case"), cases())
def test_case(name: str, case: Case) -> None:
    call = Call(target=case.get("target") or {}, request=case.get("request"))
    assert RUN[case["what"]](protocol(name), case, call) == case["out"] if "out" in case else _is_rejected(name, case, call)


def test_a_case_says_why() -> None:
    silent = [param.id for param in cases() if not param.values[1].get("why")]
    assert silent == []


def _is_rejected(name: str, case: Case, call: Call) -> bool:
    with pytest.raises(RequestRejected) as refusal:
        RUN[case["what"]](protocol(name), case, call)
    assert refusal.value.error.get("param") == case["rejected"]
    return True


def _decode_request(wire: WireProtocol, case: Case, call: Call) -> Any:
    request = wire.decode_request(case["in"], call)
    assert schema.check_request(request) == []
    return request


def _encode_request(wire: WireProtocol, case: Case, call: Call) -> Any:
    assert schema.check_request(case["in"]) == []
    encoded = wire.encode_request(case["in"], call)
    if "losses" in case:
        assert sorted(loss.general for loss in encoded.losses) == sorted(case["losses"])
    return encoded.body


def _decode_response(wire: WireProtocol, case: Case, call: Call) -> Any:
    response = wire.decode_response(case["in"], call)
    assert schema.check_response(response) == []
    return response


def _encode_response(wire: WireProtocol, case: Case, call: Call) -> Any:
    assert schema.check_response(case["in"]) == []
    return wire.encode_response(case["in"], call)


def _decode_stream(wire: WireProtocol, case: Case, call: Call) -> Any:
    decoder = wire.stream_decoder(call, wire)
    events = [*decoder.feed(b"".join(_frames(wire, case["in"]))), *decoder.close()]
    for event in events:
        assert schema.check_encoder_event(event) == []
    return [_without_response(event) for event in events]


def _encode_stream(wire: WireProtocol, case: Case, call: Call) -> Any:
    *events, last = case["in"]
    events = [*events, {**last, "response": fold(events)}]
    for event in events:
        assert schema.check_encoder_event(event) == []
    reader = wire.framing.reader(DEFAULT_CAP)
    frames = [*reader.feed(wire.stream_encoder(call).feed(events)), *reader.close()]
    read = [_read(frame.data) for frame in frames if frame.data]
    member = wire.framing.event_member
    if member is not None:
        assert [frame.event for frame in frames if frame.data] == [data[member] for data in read]
    return read


def _decode_error(wire: WireProtocol, case: Case, _call: Call) -> Any:
    given = case["in"]
    error = wire.decode_error(given["status"], given.get("headers", {}), given.get("body"))
    assert schema.check_error(error) == []
    return error


def _encode_error(wire: WireProtocol, case: Case, call: Call) -> Any:
    assert schema.check_error(case["in"]) == []
    status, headers, body = wire.encode_error(case["in"], call)
    return {"status": status, "headers": dict(headers), "body": body}


def _encode_models(wire: WireProtocol, case: Case, call: Call) -> Any:
    given = case["in"]
    return wire.encode_models(given, call) if isinstance(given, list) else wire.encode_model(given, call)


def _frames(wire: WireProtocol, datas: list[Any]) -> Iterator[bytes]:
    for data in datas:
        written = data if isinstance(data, str) else json.dumps(data)
        name = data.get(wire.framing.event_member or "") if isinstance(data, dict) else None
        yield wire.framing.write(name, written.encode())


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode()


def _without_response(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "response"}


RUN: Mapping[str, Callable[[WireProtocol, Case, Call], Any]] = {
    "decode_request": _decode_request,
    "encode_request": _encode_request,
    "decode_response": _decode_response,
    "encode_response": _encode_response,
    "decode_stream": _decode_stream,
    "encode_stream": _encode_stream,
    "decode_error": _decode_error,
    "encode_error": _encode_error,
    "encode_models": _encode_models,
}
