"""Which frames are read at once: those whose text no rule looks at, as long as nothing else is remembered."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from torouter.config.document import load_document
from torouter.config.sources import BUILTIN
from torouter.diagnostics import Diagnostics
from torouter.pipeline.passthrough import PassthroughRelay
from torouter.pipeline.translate import TranslationRelay
from torouter.protocol import Call, WireProtocol, compile_protocol

from tests.support.runs import followed, hits

FILES = {
    "response.encode": "make: {id: =response.id}\n",
    "error.encode": "status: =error.status\nmake: {}\nstream:\n  - {oops: =error.message}\n",
}
HEAD = """
dispatch: =event.is
complete: =state.ended || state.over
state: {over: false, said: '-', last: null, told: 0}
rules:
  - on: over
    set: {over: true}
    emit: [{type: finish, reason: stop}, {type: end}]
"""
HANDS_ON = """
  - on: more
    emit: [{type: part.delta, kind: text, text: =event.text}]
"""
GROWS = """
  - on: more
    set: {said: "=concat(state.said, event.text)"}
    emit: [{type: part.delta, kind: text, text: =event.text}]
"""
TELLS = """
  - on: more
    emit: [{type: part.delta, kind: text, text: =event.text}, {type: usage, usage: {output: =event.cost}}]
"""
LOOKS = """
  - on: more
    emit: [{type: part.delta, kind: text, text: "=not_null(lower(event.text), '')"}]
"""
JUDGES = """
  - on: more
    when: =event.text != 'w7'
    emit: [{type: part.delta, kind: text, text: =event.text}]
"""
REMEMBERS = """
  - on: more
    set: {last: =event.text}
    emit: [{type: part.delta, kind: text, text: =event.text}]
"""
COUNTS = """
  - on: more
    set: {told: "=add(state.told, 1)"}
    emit: [{type: part.delta, kind: text, text: =event.text}]
"""
ENCODE = """
dispatch: =event.type
rules:
  - on: part.delta
    emit: [{is: more, text: =event.text}]
  - on: finish
    emit: [{is: over}]
"""
NUMBERED = """
number: line
dispatch: =event.type
rules:
  - on: part.delta
    emit: [{is: more, again: =event.text, text: =event.text}, {is: pause}]
  - on: finish
    emit: [{is: over}]
"""
JUDGING = """
dispatch: =event.type
rules:
  - on: part.delta
    emit: [{is: more, text: =event.text, long: =count(event.text) > 2}]
  - on: finish
    emit: [{is: over}]
"""


def compiled(decode: str, encode: str = ENCODE, framing: str = "{kind: sse}") -> WireProtocol:
    found = Diagnostics()
    about = f"protocol: lines\nfamily: lines\nframing: {framing}\n"
    texts = {**FILES, "protocol": about, "stream.decode": HEAD + decode, "stream.encode": encode}
    documents = {name: load_document(text, f"{name}.yaml", BUILTIN, found) for name, text in texts.items()}
    protocol = compile_protocol("lines", {name: it for name, it in documents.items() if it is not None}, found)
    assert not found.failed, [item.message for item in found.items]
    return protocol


def stream(wire: WireProtocol, texts: list[str], **members: Any) -> bytes:
    frames = [{"is": "more", "text": text, **members} for text in texts]
    return b"".join(wire.framing.write(None, orjson.dumps(frame)) for frame in [*frames, {"is": "over"}])


WORDS = [f"w{number}" for number in range(60)]


def both(wire: WireProtocol, chunks: list[bytes]) -> tuple[int, dict[str, Any]]:
    """How many frames were read at once, and what came of all of them, which must be what comes of each."""

    def make(call: Call) -> TranslationRelay:
        return TranslationRelay(wire, wire, call, 1 << 20)

    fast = followed(make, chunks, runs=True)
    assert fast == followed(make, chunks, runs=False)
    return hits(make, chunks), fast


@pytest.mark.parametrize("decode", [HANDS_ON, GROWS, TELLS], ids=["handed on", "also kept in a growing text", "told counts"])
@pytest.mark.parametrize("framing", ["{kind: sse}", "{kind: ndjson}"])
def test_frames_whose_text_is_only_handed_on_are_read_at_once(decode: str, framing: str) -> None:
    wire = compiled(decode, framing=framing)
    found, seen = both(wire, [stream(wire, WORDS, cost=3)])
    assert found > 50
    assert seen["answer"]["outputs"][0]["parts"][0]["text"] == "".join(WORDS)
    assert seen["state"]["said"] == ("-" + "".join(WORDS) if decode is GROWS else "-")


@pytest.mark.parametrize("decode", [LOOKS, JUDGES, REMEMBERS, COUNTS], ids=["looks", "judges", "remembers", "counts"])
def test_frames_of_a_rule_that_does_anything_else_are_read_one_by_one(decode: str) -> None:
    wire = compiled(decode)
    found, seen = both(wire, [stream(wire, WORDS)])
    assert found == 0
    assert ("w7" in seen["answer"]["outputs"][0]["parts"][0]["text"]) is (decode is not JUDGES)


def test_who_only_watches_reads_them_at_once_whatever_is_made_of_the_text() -> None:
    wire = compiled(LOOKS)
    assert hits(lambda call: PassthroughRelay(wire, wire, call, 1 << 20), [stream(wire, WORDS)]) > 50


def watched(wire: WireProtocol, **members: Any) -> int:
    """How many frames were read at once of a stream that is passed on, of which nothing may be seen otherwise."""
    chunks = [stream(wire, WORDS, **members)]

    def make(call: Call) -> PassthroughRelay:
        return PassthroughRelay(wire, wire, call, 1 << 20)

    assert followed(make, chunks, runs=True) == followed(make, chunks, runs=False)
    return hits(make, chunks)


NAMED = """
  - on: more
    when: =event.id == 'c'
    emit: [{type: usage, usage: {output: 5}}]
  - on: more
    emit: [{type: part.delta, kind: text, text: x}]
"""


def test_a_stream_that_is_watched_begins_with_what_those_before_it_have_learned() -> None:
    wire = compiled(LOOKS)
    alone = hits(lambda call: PassthroughRelay(wire, compiled(LOOKS), call, 1 << 20), [stream(wire, WORDS, id="a")])
    watched(wire, id="a", at=1)
    watched(wire, id="b", at=2)
    assert watched(wire, id="c", at=33) > alone


def test_what_is_learned_of_other_frames_is_of_no_use_and_no_harm() -> None:
    wire = compiled(LOOKS)
    for members in ({"id": "a"}, {"id": "b"}, {"name": "c"}, {"id": 7}, {"id": "", "more": [1]}, {"id": "d"}):
        assert watched(wire, **members) > 40


def test_a_text_that_a_state_keeps_is_the_stream_s_own() -> None:
    wire = compiled(GROWS)

    def make(call: Call) -> PassthroughRelay:
        return PassthroughRelay(wire, wire, call, 1 << 20)

    for name in ("a", "b", "c", "d"):
        frames = [orjson.dumps({"id": name, "is": "more", "text": word}) for word in WORDS]
        chunks = [b"".join(wire.framing.write(None, frame) for frame in [*frames, b'{"is":"over"}'])]
        fast = followed(make, chunks, runs=True)
        assert fast == followed(make, chunks, runs=False)
        assert fast["state"]["said"] == "-" + "".join(WORDS)


def test_a_value_that_a_rule_looks_at_is_the_stream_s_own() -> None:
    wire = compiled(NAMED)
    for name in ("a", "b", "c", "d", "c"):
        assert watched(wire, id=name) > 40, "it is learned in each"


GIVEN = """
  - on: more
    when: =target.strict && event.text == 'w7'
    emit: [{type: error, error: {kind: server, message: no, status: 500}}]
  - on: more
    emit: [{type: part.delta, kind: text, text: x}]
"""


def test_what_rules_are_given_in_one_stream_says_nothing_of_another() -> None:
    wire = compiled(GIVEN)

    def failed(*, strict: bool, runs: bool) -> Any:
        def make(call: Call) -> PassthroughRelay:
            call.target = {"strict": True} if strict else {}
            return PassthroughRelay(wire, wire, call, 1 << 20)

        return followed(make, [stream(wire, WORDS)], runs=runs)["failed"]

    for strict in (False, False, True, False, True):
        assert failed(strict=strict, runs=True) == failed(strict=strict, runs=False)
        assert (failed(strict=strict, runs=True) is not None) is strict


def test_an_array_is_read_one_by_one() -> None:
    wire = compiled(HANDS_ON, framing="{kind: json-array}")
    frames = b",".join([b'{"is":"more","text":"%b"}' % word.encode() for word in WORDS] + [b'{"is":"over"}'])
    found, seen = both(wire, [b"[" + frames + b"]"])
    assert (found, seen["failed"]) == (0, None)


@pytest.mark.parametrize("encode", [ENCODE, NUMBERED, JUDGING], ids=["one frame", "numbered frames", "rules that look"])
def test_what_is_written_is_the_same_however_it_was_found(encode: str) -> None:
    wire = compiled(HANDS_ON, encode)
    _, seen = both(wire, [stream(wire, [*WORDS, 'a"\\\né', *WORDS])])
    frames = [orjson.loads(frame.removeprefix(b"data: ")) for frame in seen["bytes"].split(b"\n\n") if frame]
    assert [frame["text"] for frame in frames if frame["is"] == "more"] == [*WORDS, 'a"\\\né', *WORDS]
    if encode is NUMBERED:
        assert [frame["line"] for frame in frames] == list(range(len(frames)))


@pytest.mark.parametrize("other", [{"is": "more", "text": ""}, {"is": "more", "text": 1}, {"is": "what"}, {"is": "more"}])
def test_another_frame_in_between_is_read_by_itself(other: dict[str, Any]) -> None:
    wire = compiled(GROWS)
    first, second = (stream(wire, words).removesuffix(b'data: {"is":"over"}\n\n') for words in (WORDS, WORDS))
    found, _ = both(wire, [first + b"data: " + orjson.dumps(other) + b"\n\n" + second + stream(wire, [])])
    assert found > 80


def test_counts_that_change_are_the_last_ones() -> None:
    wire = compiled(TELLS)
    chunks = [stream(wire, WORDS, cost=cost).removesuffix(b'data: {"is":"over"}\n\n') for cost in (3, 7, 3)]
    _, seen = both(wire, [b"".join(chunks) + stream(wire, [])])
    assert seen["usage"] == {"output": 3}


def test_nothing_is_searched_in_reads_of_a_few_frames() -> None:
    wire = compiled(HANDS_ON)
    whole = stream(wire, WORDS)
    found, _ = both(wire, [frame + b"\n\n" for frame in whole.split(b"\n\n") if frame])
    assert found == 0


def test_long_frames_that_differ_are_not_compared_again_and_again() -> None:
    wire, seen = compiled(HANDS_ON), 0
    relay = TranslationRelay(wire, wire, Call(request={}), 1 << 20)
    runs = relay._decoder._runs
    assert runs is not None
    learn = runs._learn

    def counted(*arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        return learn(*arguments)

    runs._learn = counted  # type: ignore[method-assign]
    frames = [{"is": "more", "text": "a", **{f"m{place}": place for place in range(place % 7)}} for place in range(600)]
    relay.feed(b"".join(b"data: " + orjson.dumps(frame) + b"\n\n" for frame in frames))
    assert seen < 14
