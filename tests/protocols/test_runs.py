"""Frames that are alike are read at once, and nobody can tell: every stream of a case, stretched, on every way."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from torouter.cases import CANONICAL, Case
from torouter.cases.run import framed
from torouter.protocol import Call

from tests.protocols.test_cases import cases, protocols
from tests.support.runs import REQUEST, cut, followed, hits, stretched, ways

READ = [
    pytest.param(case, id=f"{case.file.removeprefix('transforms/')}: {case.name}")
    for case in cases()
    if case.what == "stream" and case.sender != CANONICAL and isinstance(case.data.get("in"), list)
]
CLIENTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini-generate")
relaxed = settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)


@pytest.mark.parametrize("case", READ)
@relaxed
@given(data=st.data())
def test_what_comes_of_a_stream_is_the_same_read_at_once_and_one_by_one(case: Case, data: st.DataObject) -> None:
    wire = protocols()[case.sender]
    clients = [protocols()[name] for name in CLIENTS if wire.subject == protocols()[name].subject]
    stream = data.draw(stretched(list(framed(wire, case.data["in"]))))
    chunks = cut(stream, data.draw(st.lists(st.integers(0, 1 << 16), max_size=6)))
    cap = data.draw(st.sampled_from([1 << 20, 1 << 20, 4000]))
    found = ways(wire, clients, cap)
    way = found[data.draw(st.sampled_from(sorted(found)))]
    assert followed(way, chunks, runs=True) == followed(way, chunks, runs=False)


def told(name: str, count: int) -> bytes:
    """A stream of a protocol that says a text in so many pieces."""
    wire, call = protocols()[name], Call(request=REQUEST)
    brackets, encoder = wire.brackets(call), wire.stream_encoder(call)
    pieces = [{"type": "part.delta", "kind": "text", "text": f"word{number} "} for number in range(count)]
    events = [{"type": "start", "id": "1", "model": "m", "usage": {"input": 1, "output": 1}}, *pieces]
    shown = brackets.feed([*events, {"type": "finish", "reason": "stop"}, {"type": "end"}])
    return encoder.feed([*shown, *brackets.finish(complete=True)])


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize("size", [100_000, 1500])
def test_most_frames_of_a_long_answer_are_not_read_one_by_one(name: str, size: int) -> None:
    stream = told(name, 200)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    for way in ways(protocols()[name], [protocols()[client] for client in CLIENTS]).values():
        assert hits(way, chunks) > 180
