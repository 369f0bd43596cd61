"""Stencils: frames that fit are the same JSON but for what stands in the holes, whatever stands there."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, strategies as st
from torouter.wire.stencil import NONE, Stencil

HEAD = b"data: "


def frame(text: bytes, number: int = 1, blank: bytes = b"") -> bytes:
    return HEAD + b'{"kind":"piece","n":%d,"said":{"text":"%b"}%b}' % (number, text, blank)


def learned(*frames: bytes) -> Stencil | None:
    return Stencil.of(HEAD, [each.removeprefix(HEAD) for each in frames])


def stencil(*frames: bytes) -> Stencil:
    found = learned(*frames)
    assert found is not None
    return found


ONE = stencil(frame(b"a"), frame(b"b"))
THREE = stencil(frame(b"a", 1, b" "), frame(b"b", 2, b"  "))


def test_what_differs_is_a_hole() -> None:
    assert (ONE.holes, THREE.holes) == (("text",), ("number", "text", "blank"))
    assert ONE.fixed == (HEAD + b'{"kind":"piece","n":1,"said":{"text":"', b'"}}')


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a":1}', b'{"a":1}'),
        (b'{"a":1}', b'{"a":null}'),
        (b'{"a":1}', b'{"a":"1"}'),
        (b'{"a":true}', b'{"a":false}'),
        (b'{"a":1}', b'{"a":1,"b":2}'),
        (b'{"a":[1]}', b'{"a":{1}'),
        (b'{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}', b'{"a":2,"b":3,"c":4,"d":5,"e":6,"f":7,"g":8}'),
    ],
)
def test_what_differs_in_more_than_a_few_values_has_no_stencil(one: bytes, other: bytes) -> None:
    assert Stencil.of(b"", [one, other]) is None


def test_a_document_with_marks_in_its_holes() -> None:
    assert THREE.document(["x", "y", "z"]) == {"kind": "piece", "n": "x", "said": {"text": "y"}}


@pytest.mark.parametrize("made", [ONE, THREE], ids=["one hole", "several"])
def test_frames_fit_as_long_as_they_are_alike(made: Stencil) -> None:
    frames = [frame(b"c"), frame("é\u2028".encode()), frame(b"e"), b'data: {"over":1}', frame(b"f")]
    fit = made.fit(frames)
    assert (fit.length, list(fit.texts[0])) == (3, ["c", "é\u2028", "e"])
    assert list(fit.written or ()) == [b"c", "é\u2028".encode(), b"e"]
    assert made.fit(frames[3:]) == NONE == made.fit([])


def test_what_is_escaped_is_read_and_not_told_as_it_was_written() -> None:
    fit = ONE.fit([frame(rb"a\"\n\u00e9\\"), frame(b"b")])
    assert (fit.length, fit.texts, fit.written) == (2, [['a"\né\\', "b"]], None)


@pytest.mark.parametrize("made", [ONE, THREE], ids=["one hole", "several"])
@pytest.mark.parametrize("text", [b"", b'"},"over":{"text":"', b'"', b'a","b', b'a"b"c'])
def test_a_text_that_is_empty_or_ends_within_does_not_fit(made: Stencil, text: bytes) -> None:
    assert made.fit([frame(b"a"), frame(text), frame(b"c")]).length == 1
    assert made.fit([frame(text)]) == NONE


@pytest.mark.parametrize("text", [b"\\", b"\\x", b"\xff", b"\xc3", b"\x01", b"\\ud800", b"\\u12", b"a\nb"])
def test_no_frame_fits_where_one_is_no_json(text: bytes) -> None:
    frames = [frame(b"a"), frame(text), frame(b"b")]
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(frames[1].removeprefix(HEAD))
    assert ONE.fit(frames).length <= 1


@pytest.mark.parametrize("number", [b"01", b"-", b"1.", b"1e5", b"99999999999999999999", b"1,", b"true", b" 1", b""])
def test_a_number_is_one_whole_plain_number(number: bytes) -> None:
    whole = frame(b"a").replace(b'"n":1', b'"n":' + number)
    assert THREE.fit([whole]) == NONE


@pytest.mark.parametrize("blank", [b"\n", b",", b"x", b"\xa0"])
def test_a_blank_is_nothing_but_blanks(blank: bytes) -> None:
    assert THREE.fit([frame(b"a", 1, blank)]) == NONE
    assert THREE.fit([frame(b"a", 1, b" \t ")]).length == 1


def test_frames_that_are_shorter_than_what_is_fixed_do_not_fit() -> None:
    made = stencil(b'data: {"a":"x"}', b'data: {"a":"y"}')
    assert made.fit([b'data: {"a":"}', b'data: {"a"}']) == NONE


ANY = st.lists(st.sampled_from([b"a", b"b", b'"', b"\\", b'\\"', b"\\n", b",", b"}", b"\xc3\xa9", b"\xff", b'"n":1', b'"}}'])).map(
    b"".join
)


@given(st.lists(st.tuples(ANY, st.sampled_from([b"1", b"-2", b"30", b"x", b'1,"n":2']), st.sampled_from([b"", b"  ", b","])), max_size=6))
def test_whatever_fits_is_that_document(values: list[tuple[bytes, bytes, bytes]]) -> None:
    frames = [frame(text, 1, blank).replace(b'"n":1', b'"n":' + number, 1) for text, number, blank in values]
    for made in (ONE, THREE):
        fit = made.fit(frames)
        for place in range(fit.length):
            document = json.loads(frames[place].removeprefix(HEAD))
            assert (document["kind"], document["said"]) == ("piece", {"text": fit.texts[0][place]})
            assert sorted(document) == ["kind", "n", "said"]
