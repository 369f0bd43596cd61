"""Responses and streams: what comes back is what was said, whole or in pieces, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from torouter.canonical import schema
from torouter.canonical.fold import fold
from torouter.canonical.unfold import unfold
from torouter.protocol import Call, WireProtocol

from tests.canonical.grammar import violations
from tests.laws import strategies
from tests.laws.compare import deviations, differences, facts, unexplained
from tests.laws.folders import FOLDERS, protocol

Json = dict[str, Any]

every_protocol = pytest.mark.parametrize("name", FOLDERS)
relaxed = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
REQUEST = {"model": "small-1", "turns": [], "stream": True, "stream_usage": True}


def call() -> Call:
    return Call(request=REQUEST)


def read(spoken: WireProtocol, *chunks: bytes) -> list[Json]:
    """Read a stream for a client of the same protocol."""
    decoder = spoken.stream_decoder(call(), spoken)
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()


def responses(spoken: WireProtocol) -> st.SearchStrategy[Json]:
    """Give responses that this protocol can tell whole."""
    return strategies.responses(spoken.family, ordered=facts(spoken.name).get("parts_are_ordered", True))


def shown(spoken: WireProtocol, response: Json) -> Json:
    """Give what of a response the protocol can show at all: the kinds of parts it says it can write."""
    assert spoken.response_encode is not None
    kinds = spoken.response_encode.kinds
    outputs = [
        {**output, "parts": [part for part in output["parts"] if kinds is None or part["kind"] in kinds]}
        for output in response["outputs"]
    ]
    return {**response, "outputs": outputs}


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@every_protocol
@relaxed
@given(st.data())
def test_a_body_comes_back(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    response = data.draw(responses(spoken))
    assert schema.check_response(response) == []
    found = spoken.decode_response(spoken.encode_response(response, call()), call())
    assert schema.check_response(found) == []
    assert unexplained(differences(shown(spoken, response), found), deviations(name, "response")) == []


@every_protocol
@relaxed
@given(st.data())
def test_a_stream_comes_back_as_the_same_response(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    response = data.draw(responses(spoken))
    events = read(spoken, spoken.encode_whole_stream(response, call()))
    assert violations(events) == []
    assert events[-1]["type"] == "end"
    found = fold(events)
    assert unexplained(differences(shown(spoken, response), found), deviations(name, "response")) == []


@every_protocol
@relaxed
@given(st.data())
def test_a_body_and_a_stream_say_the_same(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    response = data.draw(responses(spoken))
    body = spoken.decode_response(spoken.encode_response(response, call()), call())
    stream = fold(read(spoken, spoken.encode_whole_stream(response, call())))
    assert unexplained(differences(body, stream), deviations(name, "stream_and_body")) == []


@every_protocol
@relaxed
@given(st.data(), st.lists(st.integers(0, 10_000), max_size=8))
def test_any_cut_of_the_bytes_gives_the_same_events(name: str, data: st.DataObject, places: list[int]) -> None:
    spoken = protocol(name)
    written = spoken.encode_whole_stream(data.draw(responses(spoken)), call())
    assert read(spoken, *cut(written, places)) == read(spoken, written)


@every_protocol
@relaxed
@given(st.data())
def test_events_one_by_one_or_all_at_once_give_the_same_bytes(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    brackets = spoken.brackets(call())
    events = brackets.feed(unfold(data.draw(responses(spoken)))) + brackets.finish(complete=True)
    one_by_one = spoken.stream_encoder(call())
    assert b"".join(one_by_one.feed([event]) for event in events) == spoken.stream_encoder(call()).feed(events)


@every_protocol
@relaxed
@given(st.data())
def test_the_number_of_parts_is_kept(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    response = data.draw(responses(spoken))
    wanted = [part["kind"] for part in shown(spoken, response)["outputs"][0]["parts"]]
    body = spoken.decode_response(spoken.encode_response(response, call()), call())
    stream = fold(read(spoken, spoken.encode_whole_stream(response, call())))
    for found in (body, stream):
        assert sorted(part["kind"] for part in found["outputs"][0]["parts"]) == sorted(wanted)


@every_protocol
@relaxed
@given(st.data(), st.integers(0, 10_000))
def test_a_stream_that_breaks_off_ends_in_an_error_and_never_in_silence(
    name: str, data: st.DataObject, place: int
) -> None:
    spoken = protocol(name)
    written = spoken.encode_whole_stream(data.draw(responses(spoken)), call())
    last = max(written.rstrip(b"\n").rfind(b"\n"), 0)  # a short answer may be one line
    events = read(spoken, written[: place % (last + 1)])
    assert violations(events) == []
    assert events[-1]["type"] in ("end", "error")
    assert read(spoken, b"")[-1]["type"] == "error"


@every_protocol
@relaxed
@given(st.binary(max_size=60), st.data())
def test_no_bytes_make_the_reader_fail(name: str, noise: bytes, data: st.DataObject) -> None:
    spoken = protocol(name)
    written = spoken.encode_whole_stream(data.draw(responses(spoken)), call())
    place = data.draw(st.integers(0, len(written)))
    events = read(spoken, written[:place] + noise + written[place:])
    assert events[-1]["type"] in ("end", "error")
