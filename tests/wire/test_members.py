"""Members of JSON text as byte ranges: one value is replaced and every other byte stays."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, strategies as st
from torouter.wire.members import added, members, repeated, replaced, spans, without

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6) | st.just("model"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.just("model"), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("text, expected", [
    (b'{"model":"a","x":1}', b'{"model":"NEW","x":1}'),
    (b'{ "x" : {"model":"in"} ,\n "model" :  "a"  }', b'{ "x" : {"model":"in"} ,\n "model" :  "NEW"  }'),
    (b'{"x":"model","model":"a"}', b'{"x":"model","model":"NEW"}'),
    (b'{"x":"\\"model\\":","model":"a\\"}"}', b'{"x":"\\"model\\":","model":"NEW"}'),
    (b'{"\\u006dodel":"a","x":[{"model":1}]}', b'{"\\u006dodel":"NEW","x":[{"model":1}]}'),
    (b'{"x":1E400,"y":12345678901234567890123,"model":"a"}', b'{"x":1E400,"y":12345678901234567890123,"model":"NEW"}'),
])  # fmt: skip
def test_only_the_bytes_of_the_value_change(text: bytes, expected: bytes) -> None:
    assert replaced(text, "model", b'"NEW"') == expected


def test_every_mention_of_a_member_is_found_also_in_escapes() -> None:
    text = b'{"model":"a","\\u006dodel":"b","z":{"model":"c"}}'
    assert [text[s.start : s.end] for s in spans(text, "model")] == [b'"a"', b'"b"']


@given(st.dictionaries(st.text(max_size=4), values, max_size=5), values, st.booleans())
def test_members_are_those_that_a_parser_finds(document: dict[str, object], model: object, indented: bool) -> None:
    document["model"] = model
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 if indented else 0)
    assert {key: orjson.loads(text[span.start : span.end]) for key, span in members(text)} == document
    assert orjson.loads(replaced(text, "model", b'"NEW"')) == {**document, "model": "NEW"}


@pytest.mark.parametrize("text, twice", [
    (b'{"a":1,"b":{"a":2,"b":[{"a":3}]},"c":"a"}', None),
    (b'{"a":1,"b":["a","a"]}', None),
    (b'{"a":"\\"b\\":","b":"\\"a\\":"}', None),
    (b'{"a":1,"b":2,"a":1}', "a"),
    (b'{"b":{"b":1}, "a" : [] ,"b":{}}', "b"),
    (b'{"a":1,"\\u0061":2}', "a"),
    (b'{ }', None),
])  # fmt: skip
def test_a_member_that_comes_twice_is_found_and_one_deeper_down_is_another(text: bytes, twice: str | None) -> None:
    assert repeated(text, orjson.loads(text)) == twice


@given(st.dictionaries(st.text(max_size=4), values, min_size=1, max_size=5), st.data())
def test_whatever_stands_twice_is_found(document: dict[str, object], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(sorted(document)))
    text = orjson.dumps(document)
    assert repeated(text, document) is None
    assert repeated(text[:-1] + b"," + orjson.dumps(again) + b":0}", document) == again


def test_what_is_nested_deeply_is_looked_through_as_well() -> None:
    deep = b"[" * 400 + b"]" * 400
    assert repeated(b'{"a":%b,"b":1}' % deep, orjson.loads(b'{"a":%b,"b":1}' % deep)) is None
    assert repeated(b'{"a":%b,"a":1}' % deep, {"a": 1}) == "a"


@given(st.dictionaries(st.text(max_size=4), values, min_size=1, max_size=4), st.booleans(), st.data())
def test_a_member_is_added_and_taken_out_and_the_rest_stays(document: dict[str, object], indented: bool, data: st.DataObject) -> None:
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 if indented else 0)
    name = data.draw(st.sampled_from(sorted(document)))
    less = without(text, name)
    assert orjson.loads(less) == {key: value for key, value in document.items() if key != name}
    assert without(text, "not there") == text
    if len(document) > 1:
        assert orjson.loads(added(less, name, orjson.dumps(document[name]))) == document


@pytest.mark.parametrize("text, expected", [
    (b'{"a":1,"u":null}', b'{"a":1}'),
    (b'{"u":null,"a":1}', b'{"a":1}'),
    (b'{"a":1, "u" : null , "b":2}', b'{"a":1 , "b":2}'),
    (b'{ "u":null }', b'{  }'),
    (b'{"a":{"u":null},"u":null}', b'{"a":{"u":null}}'),
])  # fmt: skip
def test_a_member_goes_with_its_comma(text: bytes, expected: bytes) -> None:
    assert without(text, "u") == expected
