"""What only single protocols say."""

from torouter.canonical.brackets import Brackets
from torouter.canonical.native import merge_native, shows


def test_news_win_field_by_field():
    known, news = {"p": {"a": 1, "b": 1}}, {"p": {"b": 2}, "q": {"c": 3}}
    assert merge_native(known, news) == {"p": {"a": 1, "b": 2}, "q": {"c": 3}}
    assert known == {"p": {"a": 1, "b": 1}}


def test_what_has_no_fields_is_replaced_whole():
    assert merge_native({"place": "here", "p": {"a": 1}}, {"place": "there", "p": 2}) == {"place": "there", "p": 2}


def test_nothing_and_nothing_is_nothing():
    assert merge_native(None, None) == {}


def test_native_parts_are_shown_to_clients_of_their_own_protocol_only():
    part = {"kind": "native", "protocol": "one", "value": {}}
    assert shows(part, {"native"}, "one")
    assert shows(part, {"native"}, None)
    assert not shows(part, {"native"}, "two")
    assert not shows(part, {"text"}, "one")


def test_what_another_protocol_shows_is_left_out_of_a_stream_and_told():
    brackets = Brackets(kinds={"text", "native"}, protocol="two")
    brackets.feed([
        {"type": "part", "part": {"kind": "native", "protocol": "one", "value": {}}},
        {"type": "part", "part": {"kind": "native", "protocol": "two", "value": {}}},
    ])  # fmt: skip
    end = brackets.finish(complete=True)[-1]
    assert [part["protocol"] for part in end["response"]["outputs"][0]["parts"]] == ["two"]
    assert brackets.dropped == {"outputs.parts.native"}
