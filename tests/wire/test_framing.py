"""Bytes to frames and back, wherever the bytes were cut and whatever ended the lines."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from torouter.wire.frame import Frame, FrameError
from torouter.wire.framing import KINDS, Framing

SSE = Framing("sse")
LINES = Framing("ndjson")
ARRAY = Framing("json-array")

texts = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
names = st.text("abcdefgh._", min_size=1, max_size=8)
frames = st.lists(st.tuples(st.none() | names, texts.map(str.encode)), max_size=6)


def read(framing: Framing, data: bytes, cuts: list[int] = [], cap: int = 10_000) -> tuple[list[Frame], bool]:  # noqa: B006
    reader = framing.reader(cap)
    places = [0, *sorted(cuts), len(data)]
    found = [frame for start, end in pairwise(places) for frame in reader.feed(data[start:end])]
    return found + reader.close(), reader.truncated


@pytest.mark.parametrize("data, expected", [
    (b"data: 1\n\n", [(None, b"1")]),
    (b"data:1\n\n", [(None, b"1")]),
    (b"data:  1\n\n", [(None, b" 1")]),
    (b"data: 1\r\n\r\ndata: 2\r\n\r\n", [(None, b"1"), (None, b"2")]),
    (b"data: 1\r\rdata: 2\r\r", [(None, b"1"), (None, b"2")]),
    (b"event: x\r\ndata:{\"a\":\r\ndata:1}\r\n\r\n", [("x", b'{"a":\n1}')]),
    (b"data: 1\nevent: late\n\n", [("late", b"1")]),
    (b": a comment\n\ndata: 1\n\n", [(None, b"1")]),
    (b"\xef\xbb\xbfdata: 1\n\n", [(None, b"1")]),
    (b"id: 7\nretry: 3\ndata: 1\n\n", [(None, b"1")]),
    (b"event: alone\n\ndata: 1\n\n", [(None, b"1")]),
    (b"data\n\n", [(None, b"")]),
    ("data: a\u2028b\u0085c\n\n".encode(), [(None, "a\u2028b\u0085c".encode())]),
    (b"\n\n\ndata: 1\n\n\n\ndata: 2\n\n", [(None, b"1"), (None, b"2")]),
    (b"data: 1\n\r\n\r\n\ndata: 2\r\n\n", [(None, b"1"), (None, b"2")]),
])  # fmt: skip
def test_an_event_stream_is_read_as_its_specification_says(data: bytes, expected: list[tuple[str | None, bytes]]) -> None:
    assert read(SSE, data) == ([Frame(*frame) for frame in expected], False)


def test_an_event_without_its_blank_line_is_given_at_the_end_and_marked() -> None:
    assert read(SSE, b"data: 1\n\ndata: 2\n") == ([Frame(None, b"1"), Frame(None, b"2")], True)
    assert read(SSE, b"data: 1\n\n: goodbye") == ([Frame(None, b"1")], False)


def test_a_line_without_its_end_is_given_at_the_end_and_marked() -> None:
    assert read(LINES, b'{"a":1}\r\n\n{"b":2}') == ([Frame(None, b'{"a":1}'), Frame(None, b'{"b":2}')], True)


@given(st.data(), st.lists(st.sampled_from([b"data: ab", b"event: x", b": c", b"", b"data:", b"id: 1"]), max_size=12))
def test_any_cut_of_an_event_stream_gives_the_same_frames(data: st.DataObject, lines: list[bytes]) -> None:
    ends = data.draw(st.lists(st.sampled_from([b"\n", b"\r\n", b"\r"]), min_size=len(lines), max_size=len(lines)))
    whole = b"".join(line + end for line, end in zip(lines, ends, strict=True))
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))
    assert read(SSE, whole, cuts) == read(SSE, whole)


@pytest.mark.parametrize("framing", [SSE, LINES], ids=["sse", "ndjson"])
@given(frames, st.data())
def test_what_is_written_is_read_again(framing: Framing, wanted: list[tuple[str | None, bytes]], data: st.DataObject) -> None:
    named = framing is SSE
    wanted = [(name if named else None, (b"x" + text + b"x")) for name, text in wanted]
    whole = b"".join(framing.write(*frame) for frame in wanted)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))
    assert read(framing, whole, cuts) == ([Frame(*frame) for frame in wanted], False)


def test_data_of_several_lines_survives_writing() -> None:
    assert read(SSE, SSE.write("e", b"a\nb\n\nc")) == ([Frame("e", b"a\nb\n\nc")], False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_a_frame_over_the_cap_is_refused_however_it_arrives(kind: str, piece: int) -> None:
    data = KINDS[kind].write(None, b"x" * 500)
    reader = Framing(kind).reader(100)
    with pytest.raises(FrameError, match="100 bytes"):
        for start in range(0, len(data), piece):
            reader.feed(data[start : start + piece])


@pytest.mark.parametrize("kind", KINDS)
def test_many_frames_in_one_read_are_not_one_long_frame(kind: str) -> None:
    data = KINDS[kind].write(None, b'{"x":"%b"}' % (b"x" * 50)) * 100
    assert len(Framing(kind).reader(100).feed(data)) == 100


PASSING = [kind for kind in KINDS if Framing(kind).passes]


@pytest.mark.parametrize("kind", PASSING)
def test_whole_frames_are_taken_as_they_came_and_the_rest_waits(kind: str) -> None:
    reader, written = Framing(kind).whole_reader(), [Framing(kind).write(None, data) for data in (b"1", b"2", b"3")]
    assert reader is not None
    assert reader.take(written[0] + written[1] + written[2][:-1]) == written[0] + written[1]
    assert reader.tail == written[2][:-1]
    assert reader.take(written[2][-1:]) == written[2]
    assert (reader.take(b""), reader.tail) == (b"", b"")


def test_an_array_cannot_be_taken_without_being_read() -> None:
    assert (ARRAY.passes, ARRAY.whole_reader()) == (False, None)


@pytest.mark.parametrize("kind", PASSING)
def test_frames_are_split_at_the_mark_that_ends_the_last(kind: str) -> None:
    framing = Framing(kind)
    for end in KINDS[kind].ends:
        assert framing.split(b"a: 1%bb: 2%b" % (end, end)) == ([b"a: 1", b"b: 2"], end)
    assert framing.split(b"a: 1") == ([], b"")


@pytest.mark.parametrize(
    ("frame", "head"),
    [
        (b'data: {"a":1}', b"data: "),
        (b'event: x\ndata: {"a":1}', b"event: x\ndata: "),
        (b': why\nid: 3\ndata:{"a":1}', b": why\nid: 3\ndata:"),
        (b'data: {"a":1}\nid: 3', None),
        (b'data: {"a":\ndata: 1}', None),
        (b": why", None),
        (b'data: 1\n\ndata: {"a":1}', None),
    ],
)
def test_what_stands_before_the_data_of_a_frame_is_known_where_nothing_follows(frame: bytes, head: bytes | None) -> None:
    assert SSE.head(frame, b"\n\n") == head


def test_a_line_has_nothing_before_its_data() -> None:
    assert LINES.head(b'{"a":1}', b"\n") == b""
    assert LINES.head(b'{"a":1} ', b"\n") is None


def test_random_bytes_never_break_the_reader() -> None:
    source = random.Random(7)
    alphabet = [b"data", b":", b" ", b"\n", b"\r", b"event", b"\xef\xbb\xbf", b"\xff", b"{}", b"\x00"]
    for _ in range(2000):
        data = b"".join(source.choice(alphabet) for _ in range(source.randrange(40)))
        cuts = [source.randrange(len(data) + 1) for _ in range(4)]
        assert read(SSE, data, cuts) == read(SSE, data)


def test_a_framing_says_what_it_is_and_how_to_show_life() -> None:
    assert SSE.media_type == "text/event-stream; charset=utf-8"
    assert SSE.idle == b"\n"
    assert Framing("sse", keep_alive=": ping\n\n", content_type="text/x").idle == b": ping\n\n"
    assert Framing("sse", keep_alive="").idle == b""


def array(*objects: bytes) -> bytes:
    written = [ARRAY.before(first=not place) + ARRAY.write(None, one) for place, one in enumerate(objects)]
    return b"".join(written) + ARRAY.after(empty=not objects)


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text('ab"\\\\[]{},\n', max_size=6) | st.lists(st.booleans()))), st.data())
def test_an_array_is_read_object_by_object_wherever_it_is_cut(objects: list[object], data: st.DataObject) -> None:
    wanted = [json.dumps(one).encode() for one in objects]
    whole = array(*wanted)
    assert json.loads(whole) == objects
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=8))
    assert read(ARRAY, whole, cuts) == ([Frame(None, one) for one in wanted], False)


def test_an_object_of_an_array_is_there_as_soon_as_it_has_come() -> None:
    reader = ARRAY.reader(100)
    assert reader.feed(b'[{"a": 1}') == [Frame(None, b'{"a": 1}')]
    assert reader.feed(b',\r\n{"a"') == []
    assert reader.feed(b": 2}\n") == [Frame(None, b'{"a": 2}')]


def test_an_array_that_breaks_off_is_marked() -> None:
    assert read(ARRAY, b'[{"a":1},{"b"') == ([Frame(None, b'{"a":1}'), Frame(None, b'{"b"')], True)
    assert read(ARRAY, b'[{"a":1}') == ([Frame(None, b'{"a":1}')], True)
    assert read(ARRAY, b'[{"a":1}] and more') == ([Frame(None, b'{"a":1}')], False)


def test_objects_that_no_array_holds_are_read_likewise() -> None:
    assert read(ARRAY, b'{"a":1}\n{"b":2}\n') == ([Frame(None, b'{"a":1}'), Frame(None, b'{"b":2}')], False)


def test_random_bytes_never_break_the_reader_of_arrays() -> None:
    source = random.Random(9)
    alphabet = [b"[", b"]", b"{", b"}", b'"', b"\\", b",", b" ", b"a", b"\xff"]
    for _ in range(2000):
        data = b"".join(source.choice(alphabet) for _ in range(source.randrange(40)))
        cuts = [source.randrange(len(data) + 1) for _ in range(4)]
        assert read(ARRAY, data, cuts) == read(ARRAY, data)
