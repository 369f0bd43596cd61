"""The grammars of streams: what is written keeps to them, and a stream with a fault does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from torouter.canonical.carriers import seal
from torouter.protocol import Call

from tests.laws import strategies
from tests.laws.compare import facts
from tests.laws.folders import FOLDERS, protocol
from tests.support.grammar import grammar, grammars, violations

Json = dict[str, Any]
Texts = list[str]
Change = Callable[[Texts], Texts]

RESPONSE: Json = {
    "id": "answer_1",
    "model": "small-1",
    "created": 1700000000,
    "usage": {"input": 10, "output": 5},
    "outputs": [
        {
            "index": 0,
            "finish": {"reason": "tool_calls"},
            "parts": [
                {"kind": "reasoning", "text": "Look it up."},
                {"kind": "text", "text": "Let me see."},
                {"kind": "tool_call", "id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
                {"kind": "tool_call", "id": "call_2", "name": "weather", "arguments": '{"city":"Rome"}'},
            ],
        }
    ],
}
REQUEST = {"model": "small-1", "turns": [], "stream": True, "stream_usage": True}
ERROR = {"type": "error", "error": {"kind": "overloaded", "message": "Busy.", "status": 503}, "response": {}}


def written(name: str) -> bytes:
    """A sound stream with thinking, text and two calls."""
    spoken = protocol(name)
    parts = RESPONSE["outputs"][0]["parts"]
    signed = [{**parts[0], "signature": seal(spoken.family, "signature")}, *parts[1:]]
    response = {**RESPONSE, "outputs": [{**RESPONSE["outputs"][0], "parts": signed}]}
    return spoken.encode_whole_stream(response, Call(request=REQUEST))


every_grammar = pytest.mark.parametrize("name", [name for name in FOLDERS if name in grammars()])


def test_every_protocol_that_clients_speak_has_a_grammar() -> None:
    assert [name for name in FOLDERS if protocol(name).stream_encode and name not in grammars()] == []


@every_grammar
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_what_is_written_keeps_to_the_grammar(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    response = data.draw(strategies.responses(spoken.family, ordered=facts(name).get("parts_are_ordered", True)))
    assert violations(name, spoken.encode_whole_stream(response, Call(request=REQUEST))) == []


@every_grammar
def test_an_error_may_end_a_stream_anywhere_and_nothing_follows_it(name: str) -> None:
    spoken = protocol(name)
    whole, failed = written(name), spoken.stream_encoder(Call(request=REQUEST)).feed([ERROR])
    places = [
        place
        for place in range(len(whole) + 1)
        if whole[:place].endswith(b"\n\n" if grammar(name).kind == "sse" else b"\n")
    ]
    mark = (grammar(name).end or "\0").encode()
    for place in [0, *places]:
        if mark not in whole[:place]:
            assert violations(name, whole[:place] + failed) == []
            assert "something follows an error" in violations(name, whole[:place] + failed + whole)


@every_grammar
def test_a_stream_that_breaks_off_is_not_whole(name: str) -> None:
    whole = written(name)
    assert violations(name, whole) == []
    lines = whole.splitlines(keepends=True)
    for count in range(len(lines)):
        if b"".join(lines[count:]).strip():
            assert violations(name, b"".join(lines[:count])), lines[count]


@every_grammar
def test_a_frame_that_comes_twice_or_too_early_is_seen(name: str) -> None:
    """Frames that only add to what is there may come twice or change places; every other may not."""
    border = b"\n\n" if grammar(name).kind == "sse" else b"\n"
    frames = [frame + border for frame in written(name).split(border) if frame]
    adding = [
        place
        for place, frame in enumerate(frames)
        if not violations(name, b"".join([*frames[:place], *frames[place + 1 :]]))
    ]
    for place, frame in enumerate(frames):
        if place not in adding:
            assert violations(name, b"".join([*frames[: place + 1], frame, *frames[place + 1 :]])), frame
            assert violations(name, b"".join([frame, *frames[:place], *frames[place + 1 :]])) or place == 0, frame
    assert len(adding) <= 2 * len(RESPONSE["outputs"][0]["parts"])


def change(path: str, value: Any) -> Callable[[Json], Json]:
    """Set one member of an event; None removes it."""

    def changed(event: Json) -> Json:
        event = json.loads(json.dumps(event))
        *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        holder: Any = event
        for step in above:
            holder = holder[step]
        if value is None:
            del holder[last]
        else:
            holder[last] = value
        return event

    return changed


FAULTS = [
    ("openai-chat", "other", "id", "another", "id changes"),
    ("openai-chat", '"finish_reason":"tool_calls"', "choices.0.finish_reason", "done", "finish without"),
    ("openai-chat", '"role":"assistant"', "choices.0.delta.role", None, "more where opening"),
    ("openai-chat", '"id":"call_2"', "choices.0.delta.tool_calls.0.index", 0, "opening where more"),
    ("openai-chat", '"id":"call_2"', "choices.0.delta.tool_calls.0.index", 2, "comes where 1 was due"),
    ("openai-chat", '"id":"call_1"', "choices.0.delta.tool_calls.0.function.name", None, "opening without"),
    ("openai-chat", '"usage":{', "usage.total_tokens", None, "counts without"),
    ("anthropic-messages", '"type":"message_start"', "message.usage", None, "message_start without"),
    ("anthropic-messages", '"type":"message_delta"', "delta.stop_reason", None, "message_delta without"),
    ("anthropic-messages", '"type":"signature_delta"', "delta.type", "text_delta", "text_delta where"),
    ("anthropic-messages", '"type":"thinking_delta"', "index", 1, "thinking_delta where"),
    ("anthropic-messages", '"type":"content_block_stop"', "index", 7, "block 7"),
    ("anthropic-messages", '"name":"weather"', "content_block.id", None, "tool_use without"),
    ("anthropic-messages", '"type":"input_json_delta"', "type", "ping2", "ping2 where"),
    ("gemini-generate", '"finishReason"', "candidates.0.finishReason", None, "candidate 0: ends"),
    ("gemini-generate", '"finishReason"', "usageMetadata", None, "final without"),
    ("gemini-generate", '"thought":true', "candidates.0.content.role", None, "more without"),
    ("gemini-generate", '"functionCall"', "candidates.0.content.parts.0.functionCall.args", "{}", "call without"),
    ("gemini-generate", '"functionCall"', "candidates", [], "answer without"),
    ("gemini-generate", '"functionCall"', "candidates.0.finishReason", "STOP", "where nothing may come"),
    ("gemini-generate", '"functionCall"', "candidates.0.index", 2, "comes where 1 was due"),
    ("openai-responses", '"type":"response.created"', "response.status", "completed", "created without"),
    ("openai-responses", '"type":"response.created"', "response.id", "resp_other", "completed where created may come"),
    ("openai-responses", '"type":"response.output_text.delta"', "sequence_number", 1, "numbers 1"),
    ("openai-responses", '"type":"response.output_text.delta"', "output_index", 0, "text where"),
    ("openai-responses", '"type":"response.output_text.delta"', "item_id", "msg_other", "more where added may come"),
    ("openai-responses", '"type":"response.output_text.delta"', "content_index", 1, "content 1 1: more where added may come"),
    ("openai-responses", '"type":"response.output_text.done"', "type", "response.output_text.delta", "part_done where"),
    ("openai-responses", '"call_id":"call_1"', "item.call_id", None, "function_call without"),
    ("openai-responses", '"call_id":"call_2"', "output_index", 7, "comes where 3 was due"),
    ("openai-responses", '"type":"response.completed"', "response.status", "failed", "completed without"),
    ("openai-responses", '"type":"response.completed"', "response.output.1.content.0.text", "Another.", "ends done"),
    ("openai-responses", '"type":"response.completed"', "response.output", [], "ends done"),
    ("letters", '"step":"shut"', "line", 9, "comes where 4 was due"),
    ("letters", '"step":"open"', "sort", None, "open without"),
]


@pytest.mark.parametrize(
    ("name", "where", "path", "value", "complaint"), [fault for fault in FAULTS if fault[0] in FOLDERS]
)
def test_a_fault_in_one_event_is_told(name: str, where: str, path: str, value: Any, complaint: str) -> None:
    border = "\n\n" if grammar(name).kind == "sse" else "\n"
    frames = [frame for frame in written(name).decode().split(border) if frame]
    place = next((place for place, frame in enumerate(frames) if where in frame.replace(" ", "")), len(frames) // 2)
    head, data = frames[place][: frames[place].index("{")], frames[place][frames[place].index("{") :]
    frames[place] = head + json.dumps(change(path, value)(json.loads(data)))
    found = violations(name, border.join([*frames, ""]).encode())
    assert any(complaint in line for line in found), found


@every_grammar
def test_what_stands_around_the_data_is_judged(name: str) -> None:
    known, whole = grammar(name), written(name)
    if known.kind == "ndjson":
        return
    other = whole.replace(b"event: ", b"event: x", 1) if known.name else b"event: x\n" + whole
    assert "a frame is named x" in violations(name, other)[0]
    assert (violations(name, b": hello\n\n" + whole) == []) == known.comments
