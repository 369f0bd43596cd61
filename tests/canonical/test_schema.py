"""The schemas of the canonical model, and the paths they make known."""

import pytest
from jsonschema import Draft202012Validator
from torouter.canonical import schema

TEXT = {"kind": "text", "text": "t"}


@pytest.mark.parametrize("name", schema.NAMES)
def test_every_schema_is_one(name):
    Draft202012Validator.check_schema(schema.load(name))
    assert schema.load(name)["$id"].endswith(f"/v1/{name}.schema.json")


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (schema.check_request, {"model": "m", "turns": [{"role": "user", "parts": [TEXT]}]}),
        (schema.check_request, {"model": "m", "turns": [], "tools": [{"kind": "custom", "name": "f", "namespace": "n"}]}),
        (schema.check_response, {"id": "r", "outputs": [{"index": 0, "parts": [{"kind": "image", "data": "aGk="}]}]}),
        (schema.check_request, {"model": "m", "turns": [], "state": {"prompt": {"id": "p"}, "prefix": "s", "continuation": "t"}}),
        (schema.check_response, {"outputs": [{"index": 0, "parts": [{**TEXT, "native": {"p": {}}}], "native": {"p": {"x": 1}}}]}),
        (schema.check_event, {"type": "output", "native": {"p": {"x": 1}}}),
        (schema.check_event, {"type": "part.delta", "key": "0:1", "text": None}),
        (schema.check_event, {"type": "usage", "usage": None}),
        (schema.check_encoder_event, {"type": "output.start", "output": 0}),
        (schema.check_error, {"kind": "rate_limit", "message": "m", "status": 429, "retry_after": 1.5}),
    ],
)
def test_sound_values_pass(check, value):
    assert check(value) == []


@pytest.mark.parametrize(
    ("check", "value", "place"),
    [
        (schema.check_request, {"model": "m"}, "$"),
        (schema.check_request, {"model": None, "turns": []}, "$.model"),
        (schema.check_request, {"model": "m", "turns": [{"role": "tool", "parts": []}]}, "$.turns[0].role"),
        (schema.check_request, {"model": "m", "turns": [], "sampling": {"temperatur": 1}}, "$.sampling"),
        (schema.check_response, {"outputs": [{"index": 0, "parts": [{"kind": "image"}]}]}, "$.outputs[0].parts[0]"),
        (schema.check_event, {"type": "part.begin"}, "$"),
        (schema.check_encoder_event, {"type": "part.delta", "output": 0, "index": 0, "ordinal": 0, "kind": "text"}, "$"),
        (schema.check_error, {"kind": "bad", "message": "m", "status": 400}, "$.kind"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(check, value, place):
    assert [problem.split(":", 1)[0] for problem in check(value)] == [place]


def test_paths_are_the_leaves_of_a_request():
    paths = schema.paths()
    assert len(set(paths)) == len(paths)
    for path in [
        ("model",),
        ("stop",),
        ("metadata",),
        ("native",),
        ("sampling", "top_k"),
        ("format", "kind"),
        ("system", "*", "text"),
        ("turns", "*", "name"),
        ("turns", "*", "parts", "*", ":text", "cache", "ttl"),
        ("turns", "*", "parts", "*", ":tool_result", "parts"),
        ("tools", "*", ":function", "strict"),
        ("tools", "*", ":native", "value"),
    ]:
        assert path in paths
    assert not any(path != other and other[: len(path)] == path for path in paths for other in paths)


def test_paths_of_a_response():
    assert ("outputs", "*", "finish", "reason") in schema.paths("response")
    assert ("outputs", "*", "parts", "*", ":reasoning", "redacted") in schema.paths("response")
