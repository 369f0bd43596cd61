"""What the parsing floor does to what goes through it."""

from __future__ import annotations

from bench.floor import anew, events_anew


def test_json_is_written_anew():
    assert anew(b'{"a": 1}') == b'{"a":1,"seen":true}'


def test_whole_events_are_written_anew_and_the_rest_waits():
    out, rest = events_anew(b'event: x\ndata: {"a": 1}\n\ndata: [DONE]\n\ndata: {"b"')
    assert out == b'event: x\ndata: {"a":1,"seen":true}\n\ndata: [DONE]\n\n'
    assert rest == b'data: {"b"'


def test_without_a_whole_event_nothing_comes():
    assert events_anew(b"data: ") == (b"", b"data: ")
