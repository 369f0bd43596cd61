"""Opaque values: who may read them and how they travel."""

import json

import pytest
from hypothesis import given, strategies as st
from torouter.canonical import carriers
from torouter.canonical.carriers import carry, family_of, seal, unseal

families = st.sampled_from(["ann", "bob", "c.d-e_1"])
values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(families, values)
def test_only_the_own_family_reads_a_sealed_value(family, value):
    sealed = seal(family, value)
    assert unseal(family, sealed) == (value if family_of(value) is None else unseal(family, value))
    assert unseal("zoe", sealed) is None


@given(families, families, values)
def test_sealing_again_changes_nothing(family, other, value):
    assert seal(other, seal(family, value)) == seal(family, value)


@given(families, families, values)
def test_what_a_client_carries_comes_back_as_it_was(client, family, value):
    sealed = seal(family, value)
    assert seal(client, carry(client, sealed)) == sealed


@given(values)
def test_a_client_of_the_family_sees_the_bare_value(value):
    assert carry("ann", seal("ann", value)) == (value if family_of(value) is None else carry("ann", value))
    assert carry("bob", seal("ann", value)) == seal("ann", value)


@pytest.mark.parametrize("value", ["", "A", "AA==", "AGFubgB", "AGFubgB4é", "EqQBCgIYAhIM", "AAAA"])
def test_a_value_of_other_origin_belongs_to_nobody(value):
    assert family_of(value) is None
    assert unseal("ann", value) is None
    assert carry("ann", value) == value


ESCAPED = json.dumps({"a": seal("ann", "\xff\xfe?>")}).replace("/", "\\/").encode()


@pytest.mark.parametrize(
    ("document", "held"),
    [
        (json.dumps({"deep": [{"x": seal("bob", "v")}]}).encode(), True),
        (json.dumps({"x": seal("ann", seal("bob", "v"))}).encode(), True),
        (json.dumps({"x": carriers.carrier(seal("bob", "v"), "text")["signature"]}).encode(), True),
        (json.dumps({"x": seal("c.d-e_1", "v~~~???").replace("+", "-").replace("/", "_")}).encode(), True),
        (ESCAPED, True),
        (b'{"x": "AGENT", "y": "AGFubgB", "image": "AGAAAAAAAAAAAAAAAAAAAAAAA"}', False),
        (b'{"signature": "EqQBCgIYAhIM", "text": "AEROPLANES/and-so-on"}', False),
    ],
)
def test_a_sealed_value_is_found_in_the_bytes_of_a_document(document, held):
    assert carriers.holds_sealed(document) == held


@given(families, values)
def test_every_sealed_value_is_found(family, value):
    assert carriers.holds_sealed(json.dumps({"x": seal(family, value)}).encode()) == (
        family_of(seal(family, value)) is not None
    )


def test_the_family_that_answered_last_comes_first():
    turns = [
        {"role": "user", "parts": [{"kind": "text", "text": "t"}]},
        {"role": "assistant", "parts": [{"kind": "reasoning", "signature": seal("ann", "1")}]},
        {
            "role": "assistant",
            "parts": [{"kind": "reasoning", "redacted": seal("bob", "2")}, {**CALL, "signature": "bare"}],
        },
        {"role": "assistant", "parts": [{**CALL, "signature": seal("ann", "3")}]},
    ]
    assert carriers.families_of({"turns": turns}) == ["ann", "bob"]
    assert carriers.families_of({}) == []


CALL = {"kind": "tool_call", "id": "c", "name": "f", "arguments": "{}"}
SIGNATURE = seal("ann", "v")


def test_a_signature_the_client_has_no_room_for_rides_before_its_part():
    answer = [{"kind": "text", "text": "t"}, {**CALL, "signature": SIGNATURE}]
    sent = carriers.attach(answer, ["reasoning"])
    assert [part["kind"] for part in sent] == ["text", "reasoning", "tool_call"]
    assert family_of(sent[1]["signature"]) == "@next.tool_call"
    # The client keeps the reasoning part and forgets the signature of the call.
    assert carriers.detach([sent[0], sent[1], CALL]) == answer


def test_a_signature_the_client_has_room_for_does_not_ride():
    answer = [{**CALL, "signature": SIGNATURE}]
    assert carriers.attach(answer, ["reasoning", "tool_call"]) == answer
    assert carriers.attach(answer, []) == answer


def test_a_carrier_behind_its_part_gives_the_value_back_to_it():
    late = carriers.carrier(SIGNATURE, "tool_call", carriers.PREVIOUS)
    assert carriers.detach([CALL, late]) == [{**CALL, "signature": SIGNATURE}]


@pytest.mark.parametrize("place", [carriers.NEXT, carriers.PREVIOUS])
def test_a_carrier_finds_its_part_where_all_reasoning_was_moved_to_the_front(place):
    thought, text = {"kind": "reasoning", "text": "hm"}, {"kind": "text", "text": "t"}
    moved = [carriers.carrier(SIGNATURE, "text", place), thought, text, CALL]
    assert carriers.detach(moved) == [thought, {**text, "signature": SIGNATURE}, CALL]


def test_a_carrier_gives_its_value_to_no_other_kind():
    carrier = carriers.carrier(SIGNATURE, "tool_call")
    text = {"kind": "text", "text": "t"}
    assert carriers.detach([carrier, text, CALL]) == [text, CALL]


def test_a_carrier_without_its_part_vanishes():
    assert carriers.detach([carriers.carrier(SIGNATURE, "tool_call")]) == []
    assert carriers.detach([carriers.carrier(SIGNATURE, "tool_call", carriers.PREVIOUS)]) == []


def test_a_carrier_does_not_replace_a_signature():
    signed = {**CALL, "signature": seal("bob", "w")}
    assert carriers.detach([carriers.carrier(SIGNATURE, "tool_call"), signed]) == [signed]
    assert carriers.detach([signed, carriers.carrier(SIGNATURE, "tool_call", carriers.PREVIOUS)]) == [signed]


def test_a_whole_response_gets_its_carriers():
    response = {"id": "r", "outputs": [{"index": 0, "parts": [{**CALL, "signature": SIGNATURE}]}]}
    parts = carriers.attach_response(response, ["reasoning"])["outputs"][0]["parts"]
    assert [part["kind"] for part in parts] == ["reasoning", "tool_call"]
    assert len(response["outputs"][0]["parts"]) == 1


def test_no_foreign_value_reaches_an_upstream_through_a_carrier():
    assert unseal("ann", carriers.carrier(SIGNATURE, "tool_call")["signature"]) is None
