"""Every stream that a case shows a client keeps to the grammar of the client's protocol."""

from __future__ import annotations

import pytest
from torouter.cases import CANONICAL, Case
from torouter.cases.run import framed
from torouter.protocol import Call
from torouter.protocol.files import PARTS
from torouter.protocol.streams import StreamDecoder

from tests.protocols.test_cases import cases, protocols
from tests.support.grammar import violations


def is_whole(case: Case) -> bool:
    """Whether a case shows all of a stream: what a protocol's reader gives is, what a case says itself need not be."""
    if case.what != "stream" or case.receiver == CANONICAL or "out" not in case.data:
        return False
    first, last = case.data["in"][0], case.data["in"][-1]
    return case.sender != CANONICAL or (first["type"] in ("start", "error") and last["type"] in ("end", "error"))


WHOLE = [
    pytest.param(case, id=f"{case.file.removeprefix('transforms/')}: {case.name}") for case in cases() if is_whole(case)
]


@pytest.mark.parametrize("case", WHOLE)
def test_a_shown_stream_keeps_to_the_grammar(case: Case) -> None:
    wire = protocols()[case.receiver]
    assert violations(wire.dialect or wire.name, b"".join(framed(wire, case.data["out"]))) == []


def test_most_cases_of_streams_are_whole() -> None:
    shown = [case for case in cases() if case.what == "stream" and case.receiver != CANONICAL]
    assert len(WHOLE) > 0.8 * len(shown)


READ = [
    pytest.param(case, id=f"{case.file.removeprefix('transforms/')}: {case.name}")
    for case in cases()
    if case.what == "stream" and case.sender != CANONICAL and isinstance(case.data.get("in"), list)
]


@pytest.mark.parametrize("case", READ)
def test_who_only_watches_a_stream_hears_all_but_its_parts(case: Case) -> None:
    wire = protocols()[case.sender]
    frames = list(framed(wire, case.data["in"]))

    def heard(decoder: StreamDecoder) -> list[dict[str, object]]:
        events = [event for frame in frames for event in decoder.feed(frame)]
        return [event for event in [*events, *decoder.close()] if event["type"] not in PARTS]

    whole = wire.stream_watch(Call())
    whole._loud = None
    assert heard(wire.stream_watch(Call())) == heard(whole)
