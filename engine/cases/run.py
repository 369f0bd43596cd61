"""Running a case: the message is read by one side and written by the other, as the pipeline would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import orjson

from ..canonical import schema
from ..canonical.fold import fold
from ..protocol import Call, RequestRejected, UpstreamErrorBody, WireProtocol
from ..wire.framing import DEFAULT_CAP
from .case import CANONICAL, ERROR, MODELS, REQUEST, RESPONSE, STREAM, Case

Json = dict[str, Any]

# A stream must say the same however its bytes are cut; no size here is a divisor of another.
_CUTS = (1, 7, 61)


@dataclass(frozen=True, slots=True)
class Made:
    """What a case gives: `value`, or the member that a refusal names; the places lost; and what else is wrong."""

    value: Any = None
    refused: bool = False
    param: str | None = None
    losses: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def run_case(case: Case, protocols: Mapping[str, WireProtocol]) -> Made:
    """Run a case with these protocols."""
    given = deepcopy(case.data["in"])
    request = case.data.get("request")
    call = Call(target=case.data.get("target", {}), request=request)
    sender, receiver = _side(case.sender, protocols), _side(case.receiver, protocols)
    if sender is not None and receiver is not None and request is not None:
        call.model = request.get("model")
    try:
        return _RUN[case.what](given, sender, receiver, call)
    except RequestRejected as refusal:
        return Made(refused=True, param=refusal.error.get("param"))
    except UpstreamErrorBody as said:
        return Made(said.error if receiver is None else _written(receiver, said.error, call))


def _side(name: str, protocols: Mapping[str, WireProtocol]) -> WireProtocol | None:
    return None if name == CANONICAL else protocols[name]


def _subject(sender: WireProtocol | None, receiver: WireProtocol | None) -> str:
    """What a case is about: at most one of its sides is canonical."""
    wire = sender if sender is not None else receiver
    assert wire is not None
    return wire.subject


def _request(given: Any, sender: WireProtocol | None, receiver: WireProtocol | None, call: Call) -> Made:
    request = given if sender is None else sender.decode_request(given, call)
    subject = _subject(sender, receiver)
    problems = schema.check_request({"model": "", **request}, subject)  # an address may name the model, too
    if receiver is None:
        return Made(request, problems=tuple(problems))
    if sender is not None:
        call.model = request.get("model")
        request = {**request, "model": call.target.get("model", call.model)}
        call.request = request
    encoded = receiver.encode_request(request, call)
    losses = {loss.path if loss.general == "native" else loss.general: loss.severity for loss in encoded.losses}
    return Made(encoded.body, losses=losses, problems=tuple(problems))


def _response(given: Any, sender: WireProtocol | None, receiver: WireProtocol | None, call: Call) -> Made:
    response = given if sender is None else sender.decode_response(given, call)
    subject = _subject(sender, receiver)
    problems = tuple(schema.check_response(response, subject))
    if receiver is None:
        return Made(response, problems=problems)
    body = receiver.encode_response(response, call)
    return Made(body, losses=dict.fromkeys(sorted(call.lost), "warn"), problems=problems)


def _stream(given: Any, sender: WireProtocol | None, receiver: WireProtocol | None, call: Call) -> Made:
    if sender is None:
        assert receiver is not None
        *events, last = given
        events = [*events, {**last, "response": fold(events)}]
        frames, problems = frames_of(receiver, receiver.stream_encoder(call).feed(events))
        return Made(frames, problems=(*_misshapen(events), *problems))
    data = b"".join(framed(sender, given))
    made, problems = _relay([data], sender, receiver, call)
    for size in _CUTS:
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        if _relay(pieces, sender, receiver, call)[0] != made:
            problems = [*problems, f"cut into pieces of {size} bytes, the stream says something else"]
    return Made(made, losses=dict.fromkeys(sorted(call.lost), "warn"), problems=tuple(problems))


def _relay(
    pieces: Sequence[bytes], sender: WireProtocol, receiver: WireProtocol | None, call: Call
) -> tuple[list[Any], list[str]]:
    decoder = sender.stream_decoder(call, receiver or sender)
    encoder = receiver.stream_encoder(call) if receiver is not None else None
    events: list[Json] = []
    out: list[bytes] = []
    for feed in (*(lambda piece=piece: decoder.feed(piece) for piece in pieces), decoder.close):
        said = feed()
        events += said
        if encoder is not None and said:
            out.append(encoder.feed(said))
    problems = _misshapen(events)
    if receiver is None:
        return [_without_response(event) for event in events], problems
    frames, wrong = frames_of(receiver, b"".join(out))
    return frames, [*problems, *wrong]


def _misshapen(events: Sequence[Json]) -> list[str]:
    return [problem for event in events for problem in schema.check_encoder_event(event)]


def framed(wire: WireProtocol, datas: Sequence[Any]) -> Iterator[bytes]:
    """The frames of an upstream's stream as bytes, from their data."""
    for data in datas:
        written = data.encode() if isinstance(data, str) else orjson.dumps(data)
        name = data.get(wire.framing.event_member or "") if isinstance(data, dict) else None
        yield wire.framing.write(name, written)


def frames_of(wire: WireProtocol, data: bytes) -> tuple[list[Any], list[str]]:
    """The data of a client's frames, and those whose event name is not the one that their data says."""
    reader = wire.framing.reader(DEFAULT_CAP)
    frames = [frame for frame in (*reader.feed(data), *reader.close()) if frame.data]
    read = [_read(frame.data) for frame in frames]
    member = wire.framing.event_member
    wrong = []
    for frame, said in zip(frames, read, strict=True):
        if member is not None and frame.event != said[member]:
            wrong.append(f"a frame is named {frame.event} and says {said[member]}")
    return read, wrong


def _read(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return data.decode()


def _without_response(event: Json) -> Json:
    return {name: value for name, value in event.items() if name != "response"}


def _error(given: Any, sender: WireProtocol | None, receiver: WireProtocol | None, call: Call) -> Made:
    error = given
    if sender is not None:
        error = sender.decode_error(given["status"], given.get("headers", {}), given.get("body"))
    problems = tuple(schema.check_error(error))
    return Made(error if receiver is None else _written(receiver, error, call), problems=problems)


def _written(receiver: WireProtocol, error: Json, call: Call) -> Json:
    status, headers, body = receiver.encode_error(error, call)
    return {"status": status, "headers": dict(headers), "body": body}


def _models(given: Any, _sender: WireProtocol | None, receiver: WireProtocol | None, call: Call) -> Made:
    assert receiver is not None
    listed = isinstance(given, list)
    return Made(receiver.encode_models(given, call) if listed else receiver.encode_model(given, call))


_RUN: Mapping[str, Callable[[Any, WireProtocol | None, WireProtocol | None, Call], Made]] = {
    REQUEST: _request,
    RESPONSE: _response,
    STREAM: _stream,
    ERROR: _error,
    MODELS: _models,
}
