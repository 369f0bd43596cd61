"""The vendors' own recordings of one scenario decode to the same request, but for differences that have a reason."""

from __future__ import annotations

import pytest

from tests.fidelity.pairs import Pair, essence, explained, pairs, shape, unexplained
from tests.support.corpus import require


@pytest.fixture(scope="module")
def chosen() -> list[Pair]:
    require()
    return list(pairs())


@pytest.mark.corpus
def test_the_same_scenario_reads_the_same_from_every_vendors_client(chosen: list[Pair]) -> None:
    wrong = unexplained(chosen, explained())
    assert not wrong, f"{len(wrong)} differences\n" + "\n".join(wrong[:40])
    assert len(chosen) > 200


@pytest.mark.corpus
def test_every_explained_difference_is_still_there(chosen: list[Pair]) -> None:
    found = [(pair, difference) for pair in chosen for difference in pair.differences()]
    assert [entry for entry in explained() if not any(entry.covers(pair, difference) for pair, difference in found)] == []


def test_what_a_model_said_is_compared_by_its_shape() -> None:
    call = {"kind": "tool_call", "id": "call_9", "name": "f", "arguments": '{"a": 1}'}
    result = {"kind": "tool_result", "id": "call_9", "parts": [{"kind": "text", "text": "9"}]}
    turns = [
        {"role": "assistant", "parts": [{"kind": "reasoning", "text": "hm"}, {"kind": "text", "text": "Let me look."}, call]},
        {"role": "user", "parts": [result, {"kind": "text", "text": "And now?"}]},
    ]
    assert shape({"turns": turns})["turns"] == [
        {"role": "assistant", "parts": [{"kind": "text", "text": "said"}, {"kind": "tool_call", "id": "call 0", "name": "f"}]},
        {"role": "user", "parts": [{"kind": "tool_result", "id": "call 0"}, {"kind": "text", "text": "And now?"}]},
    ]


def test_the_essence_of_a_schema_is_its_names_and_types() -> None:
    strict = {"type": "object", "title": "A", "properties": {"b": {"type": "string", "description": "B"}}, "additionalProperties": False}
    assert essence(strict) == {"type": "object", "properties": {"b": {"type": "string"}}}
    assert essence(strict) != essence({**strict, "properties": {"b": {"type": "integer"}}})
