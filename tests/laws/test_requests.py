"""Requests: encoding and decoding again gives the request back, but for what was declared lost."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from torouter.canonical import schema
from torouter.canonical.link import link
from torouter.canonical.turns import shape_turns
from torouter.protocol import Call, RequestRejected, WireProtocol

from tests.laws import strategies
from tests.laws.compare import deviations, differences, facts, unexplained, without
from tests.laws.folders import FOLDERS, protocol

every_protocol = pytest.mark.parametrize("name", FOLDERS)
relaxed = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)


def requests(spoken: WireProtocol) -> st.SearchStrategy[dict[str, Any]]:
    """Give requests that this protocol can tell whole."""
    return strategies.requests(spoken.family, ordered=facts(spoken.name).get("parts_are_ordered", True))


def targets(spoken: WireProtocol) -> st.SearchStrategy[dict[str, Any]]:
    """Give what may be known of a target of this protocol."""
    return st.sampled_from(facts(spoken.name)["targets"])


def there_and_back(
    spoken: WireProtocol, request: dict[str, Any], target: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Give what should come back and what does; nothing when the request is refused."""
    try:
        encoded = spoken.encode_request(request, Call(target={"model": request["model"], **target}))
    except RequestRejected:
        return None
    body = orjson.loads(orjson.dumps(encoded.body))
    expected = link(shape_turns(without(request, encoded.losses)))
    return expected, spoken.decode_request(body, Call(path={"model": request["model"]}))


@every_protocol
@relaxed
@given(st.data())
def test_a_request_comes_back_but_for_what_was_declared_lost(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    request = data.draw(requests(spoken))
    assert schema.check_request(request) == []
    both = there_and_back(spoken, request, data.draw(targets(spoken)))
    if both is None:
        return
    expected, found = both
    assert schema.check_request(found) == []
    assert unexplained(differences(expected, found), deviations(name, "request")) == []


@every_protocol
@relaxed
@given(st.data())
def test_the_same_request_gives_the_same_bytes_and_stays_as_it_is(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    request = data.draw(requests(spoken))
    before = json.dumps(request)
    bodies = []
    for _ in range(2):
        try:
            bodies.append(orjson.dumps(spoken.encode_request(request, Call(target={"model": "m"})).body))
        except RequestRejected:
            return
    assert bodies[0] == bodies[1]
    assert json.dumps(request) == before


@every_protocol
@pytest.mark.parametrize("text", ["{{ 7 * 7 }}", "{% for x in y %}", "=request.model", "=", "$value", "{{ request.model }}"])
def test_template_text_of_a_user_is_passed_on_as_it_is(name: str, text: str) -> None:
    request = {
        "model": "m",
        "max_output": 9,
        "system": [{"kind": "text", "text": text}],
        "turns": [{"role": "user", "parts": [{"kind": "text", "text": text}]}],
        "tools": [{"kind": "function", "name": "f", "description": text, "schema": {"type": "object", "properties": {}}}],
    }
    both = there_and_back(protocol(name), request, {})
    assert both is not None
    found = both[1]
    assert [part["text"] for part in found["system"]] == [text]
    assert [part["text"] for part in found["turns"][0]["parts"]] == [text]
    assert found["tools"][0]["description"] == text
