"""A protocol of its own shape, framing and words works with nothing but its YAML: no shipped folder is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from torouter.canonical import schema
from torouter.canonical.fold import fold
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.pipeline.passthrough import PassthroughRelay
from torouter.protocol import Call, RequestRejected, UpstreamErrorBody, WireProtocol
from torouter.wire.framing import DEFAULT_CAP

HERE = Path(__file__).parent
Json = dict[str, Any]


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    found = Diagnostics()
    compiled = compile_project(load_project(HERE, found, builtin=False), found)
    assert render_terminal(found) == ""
    return compiled


@pytest.fixture(scope="module")
def letters(snapshot: Snapshot) -> WireProtocol:
    assert list(snapshot.protocols) == ["letters"]
    return snapshot.protocols["letters"]


REQUEST: Json = {
    "to": "small-1",
    "live": True,
    "brief": [{"say": "Be brief."}],
    "letters": [
        {"from": "reader", "lines": "How cold is it?"},
        {"from": "writer", "lines": [
            {"think": {"aloud": "Look it up."}, "stamp": "wax"},
            {"ask": {"ticket": "t1", "tool": "weather", "input": '{"city":"Oslo"}'}},
            {"ask": {"ticket": "t2", "tool": "weather", "input": '{"city":"Rome"}'}},
        ]},
        {"from": "reader", "lines": [
            {"answer": {"ticket": "t2", "lines": [{"say": "14 °C"}]}},
            {"answer": {"ticket": "t1", "failed": True, "lines": [{"say": "no idea"}]}},
            {"enclose": {"what": "image", "link": "https://example.com/sky.png"}, "keep": {}},
        ]},
    ],
    "desk": [{"tool": "weather", "does": "Tells the weather.", "takes": {"type": "object"}}],
    "may_use": {"way": "something"},
    "manner": {"warmth": 0.5},
    "longest": 100,
    "seal_wax": "red",
}  # fmt: skip


def test_a_request_becomes_canonical(letters: WireProtocol) -> None:
    request = letters.decode_request(REQUEST, Call())
    assert schema.check_request(request) == []
    assert request["system"] == [{"kind": "text", "text": "Be brief."}]
    assert [[part["kind"] for part in turn["parts"]] for turn in request["turns"]] == [
        ["text"],
        ["reasoning", "tool_call", "tool_call"],
        ["tool_result", "tool_result", "image"],
    ]
    assert request["turns"][2]["parts"][0]["name"] == "weather", "a result knows the name of its call"
    assert request["tool_choice"] == {"mode": "required"}
    assert request["native"] == {"letters": {"seal_wax": "red"}}, "what no rule reads is kept"


def test_a_request_goes_back_to_the_wire_for_the_target(letters: WireProtocol) -> None:
    encoded = letters.encode_request(letters.decode_request(REQUEST, Call()), Call(target={"model": "tiny-9"}))
    assert encoded.losses == ()
    wanted = orjson.loads(orjson.dumps(REQUEST)) | {"to": "tiny-9"}
    wanted["letters"][0]["lines"] = [{"say": "How cold is it?"}]
    answers = wanted["letters"][2]["lines"]
    for answer in answers[:2]:
        answer["answer"]["tool"] = "weather"
    answers[:2] = [answers[1], answers[0]]
    assert encoded.body == wanted, "the same, with the answers in the order of the calls"


def test_what_cannot_be_written_is_reported_or_refused(letters: WireProtocol) -> None:
    request = letters.decode_request(REQUEST, Call())
    call = Call(target={"model": "m"})
    losing = {**request, "sampling": {"temperature": 0.5, "top_k": 4}, "verbosity": "low", "cache_key": "k"}
    assert [(loss.path, loss.severity) for loss in letters.encode_request(losing, call).losses] == [
        ("sampling.top_k", "warn"),
        ("verbosity", "drop"),
        ("cache_key", "warn"),
    ]
    with pytest.raises(RequestRejected) as refused:
        letters.encode_request({**request, "sampling": {"logit_bias": {"1": 1}}}, call)
    assert refused.value.error["param"] == "sampling.logit_bias"


def test_what_only_some_targets_take_is_lost_on_the_others_and_not_in_silence(letters: WireProtocol) -> None:
    request = letters.decode_request(REQUEST, Call())
    assert letters.encode_request(request, Call(target={"model": "m"})).losses == ()
    encoded = letters.encode_request(request, Call(target={"model": "m", "refuses": ["longest"]}))
    assert "longest" not in encoded.body
    assert [(loss.path, loss.severity) for loss in encoded.losses] == [("max_output", "warn")]
    with pytest.raises(RequestRejected) as refused:
        letters.encode_request(request, Call(target={"model": "m", "refuses": ["pictures"]}))
    assert refused.value.error["param"] == "turns[2].parts[2]"


def test_a_request_without_a_message_is_refused(letters: WireProtocol) -> None:
    with pytest.raises(RequestRejected):
        letters.decode_request({"to": "small-1"}, Call())


RESPONSE: Json = {
    "letter": "l1",
    "by": "tiny-9",
    "written_at": 1700000000,
    "copies": [
        {
            "lines": [
                {"think": {"aloud": "Hm."}, "stamp": "wax"},
                {"say": "Cold."},
                {"ask": {"ticket": "t3", "tool": "weather", "input": "{}"}},
            ],
            "ending": {"because": "asks"},
        }
    ],
    "ink": {"read": 10, "written": 5, "kept": 4},
}


def test_a_response_becomes_canonical_and_comes_back(letters: WireProtocol) -> None:
    response = letters.decode_response(RESPONSE, Call())
    assert schema.check_response(response) == []
    assert response["outputs"][0]["finish"] == {"reason": "tool_calls"}
    assert response["usage"] == {"input": 10, "output": 5, "cache_read": 4}
    assert letters.encode_response(response, Call()) == RESPONSE


def test_the_client_sees_the_name_it_asked_for(letters: WireProtocol) -> None:
    response = letters.decode_response(RESPONSE, Call(model="small-1"))
    assert letters.encode_response(response, Call(model="small-1"))["by"] == "small-1"


def test_what_a_client_cannot_be_shown_is_noted(letters: WireProtocol) -> None:
    response = letters.decode_response(RESPONSE, Call())
    trace = {"kind": "native", "protocol": "telegrams", "value": {}}
    output = response["outputs"][0]
    call = Call()
    shown = letters.encode_response({**response, "outputs": [{**output, "parts": [trace, *output["parts"]]}]}, call)
    assert shown == RESPONSE
    assert call.lost == {"outputs.parts.native"}


def test_what_a_stream_cannot_show_is_noted(letters: WireProtocol) -> None:
    call = Call()
    stream = STREAM.replace(b'"sort":"text"', b'"sort":"native"')
    decoder = letters.stream_decoder(call, letters)
    events = [*decoder.feed(stream), *decoder.close()]
    assert [part["kind"] for part in fold(events)["outputs"][0]["parts"]] == ["tool_call"]
    assert call.lost == {"outputs.parts.native"}


STREAM = b"""\
{"step":"begin","letter":"l1","by":"tiny-9","written_at":1700000000}
{"step":"open","copy":0,"line":0,"sort":"text"}
{"step":"more","copy":0,"line":0,"words":"Co"}
{"step":"open","copy":0,"line":1,"sort":"tool_call","head":{"id":"t1","name":"weather"}}
{"step":"more","copy":0,"line":0,"words":"ld."}
{"step":"more","copy":0,"line":1,"input":"{}"}
{"step":"sealed","copy":0,"because":"asks"}
{"step":"ink","ink":{"read":10,"written":5}}
"finis"
"""


def read(letters: WireProtocol, *chunks: bytes) -> list[Json]:
    decoder = letters.stream_decoder(Call(), letters)
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


def test_a_stream_of_lines_folds_into_a_response(letters: WireProtocol) -> None:
    events = read(letters, STREAM)
    assert [problem for event in events for problem in schema.check_encoder_event(event)] == []
    assert fold(events)["outputs"] == [
        {
            "index": 0,
            "parts": [
                {"kind": "text", "text": "Cold."},
                {"kind": "tool_call", "id": "t1", "name": "weather", "arguments": "{}"},
            ],
            "finish": {"reason": "tool_calls"},
        }
    ]


def test_every_cut_of_the_bytes_reads_the_same(letters: WireProtocol) -> None:
    whole = read(letters, STREAM)
    for place in range(len(STREAM)):
        assert read(letters, STREAM[:place], STREAM[place:]) == whole
    assert read(letters, *(bytes([byte]) for byte in STREAM)) == whole


def test_a_stream_without_its_end_is_an_error(letters: WireProtocol) -> None:
    events = read(letters, STREAM.removesuffix(b'"finis"\n'))
    assert events[-1]["type"] == "error"
    assert events[-1]["response"]["outputs"][0]["parts"][0]["text"] == "Cold."


def test_a_stream_is_written_in_numbered_lines_with_its_end(letters: WireProtocol) -> None:
    written = letters.encode_whole_stream(letters.decode_response(RESPONSE, Call()), Call())
    *lines, last = [orjson.loads(line) for line in written.splitlines()]
    assert last == "finis"
    assert [line["count"] for line in lines] == list(range(len(lines)))
    assert [line["step"] for line in lines][-3:] == ["shut", "sealed", "ink"]


def test_a_stream_that_passes_through_and_breaks_is_numbered_on(letters: WireProtocol) -> None:
    whole = letters.encode_whole_stream(letters.decode_response(RESPONSE, Call()), Call()).splitlines(keepends=True)
    relay = PassthroughRelay(letters, letters, Call(), DEFAULT_CAP)
    passed = relay.feed(b"".join(whole[:3]) + whole[3][:5])
    assert passed == b"".join(whole[:3])
    last = orjson.loads(relay.close({"kind": "bad_gateway", "status": 502, "message": "It broke off."}))
    assert (last["step"], last["count"]) == ("trouble", 3)


def test_an_error_comes_and_goes_in_the_words_of_the_protocol(letters: WireProtocol) -> None:
    error = letters.decode_error(429, {"retry-after": "3"}, {"trouble": {"sort": "hurry", "words": "Slow down."}})
    assert (error["kind"], error["message"]) == ("rate_limit", "Slow down.")
    assert letters.encode_error(error, Call()) == (
        429,
        {"x-trouble": "rate_limit"},
        {"trouble": {"sort": "hurry", "words": "The letter came back: Slow down."}},
    )


@pytest.mark.parametrize("body", [None, "<html>", [], {}, {"trouble": "x"}])
def test_an_error_is_an_error_whatever_its_body_is(letters: WireProtocol, body: Any) -> None:
    assert schema.check_error(letters.decode_error(500, {}, body)) == []


def test_an_error_inside_a_success_and_inside_a_stream_is_found(letters: WireProtocol) -> None:
    trouble = {"trouble": {"sort": "fire", "words": "It burns."}}
    with pytest.raises(UpstreamErrorBody) as caught:
        letters.decode_response(trouble, Call())
    assert caught.value.error["message"] == "It burns."
    events = read(letters, orjson.dumps({"step": "trouble", **trouble}) + b"\n")
    assert events[-1]["error"]["message"] == "It burns."
    encoder = letters.stream_encoder(Call())
    assert orjson.loads(encoder.feed(events).splitlines()[-1])["step"] == "trouble"
    assert encoder.failed


def test_models_are_listed(letters: WireProtocol, snapshot: Snapshot) -> None:
    assert letters.encode_models(snapshot.models_of("default"), Call()) == {"writers": [{"writer": "small-1"}]}
    assert letters.encode_model({"id": "small-1"}, Call()) == {"writer": "small-1"}


def test_a_model_resolves_to_its_target(snapshot: Snapshot) -> None:
    (target,) = snapshot.resolve("small-1", "default")
    assert target.model == "tiny-9"
