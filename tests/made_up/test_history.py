"""What was said before stands in front of what a request says itself, and an answer has the id it is given."""

from __future__ import annotations

import orjson
import pytest
from torouter.canonical import schema
from torouter.canonical.carriers import families_of
from torouter.protocol import Call, WireProtocol

from tests.made_up.test_made_up import RESPONSE, STREAM, letters, snapshot

__all__ = ["letters", "snapshot"]  # fixtures

CALL = {"kind": "tool_call", "id": "t1", "name": "weather", "arguments": "{}", "signature": "AGxldHRlcnMAd2F4"}
HISTORY = [
    {"role": "system", "parts": [{"kind": "text", "text": "You are a sailor."}]},
    {"role": "user", "parts": [{"kind": "text", "text": "How cold is it?"}]},
    {"role": "assistant", "parts": [CALL]},
]
ANSWERED = {"to": "small-1", "letters": [{"from": "reader", "lines": [{"answer": {"ticket": "t1", "lines": [{"say": "9"}]}}]}]}


def test_a_result_finds_its_call_in_what_was_said_before(letters: WireProtocol) -> None:
    request = letters.decode_request(ANSWERED, Call(history=HISTORY))
    assert schema.check_request(request) == []
    assert [turn["role"] for turn in request["turns"]] == ["user", "assistant", "user"]
    assert request["turns"][2]["parts"][0]["name"] == "weather"
    assert families_of(request) == ["letters"], "signatures survive"


def test_instructions_are_those_of_the_request_and_in_front_of_those_of_the_conversation(letters: WireProtocol) -> None:
    request = letters.decode_request({**ANSWERED, "brief": [{"say": "Be brief."}]}, Call(history=HISTORY))
    assert [part["text"] for part in request["system"]] == ["Be brief.", "You are a sailor."]


def test_what_a_request_says_itself_is_noted_as_it_was_made(letters: WireProtocol) -> None:
    call = Call(history=HISTORY)
    letters.decode_request(ANSWERED, call)
    [turn] = call.said
    assert (turn["role"], turn["parts"][0]["kind"], "name" in turn["parts"][0]) == ("user", "tool_result", False)


def test_a_request_may_add_nothing_to_what_was_said_before(letters: WireProtocol) -> None:
    assert len(letters.decode_request({"to": "small-1"}, Call(history=HISTORY))["turns"]) == 2


@pytest.mark.parametrize("whole", [True, False])
def test_an_answer_has_the_id_that_it_is_given(letters: WireProtocol, whole: bool) -> None:
    call = Call(answer_id="ours-1", model="small-1")
    if whole:
        response = letters.decode_response(RESPONSE, call)
    else:
        events = letters.stream_decoder(call, letters).feed(STREAM)
        assert events[0]["id"] == "ours-1"
        response = events[-1]["response"]
    assert (response["id"], response["model"]) == ("ours-1", "small-1")
    assert orjson.dumps(letters.encode_response(response, call)).startswith(b'{"letter":"ours-1"')


def test_without_a_start_an_answer_has_the_id_too(letters: WireProtocol) -> None:
    said = b'{"step":"open","copy":0,"line":0,"sort":"text"}\n"finis"\n'
    events = letters.stream_decoder(Call(answer_id="ours-1"), letters).feed(said)
    assert events[-1]["response"]["id"] == "ours-1"
