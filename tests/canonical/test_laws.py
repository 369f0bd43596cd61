"""Laws that hold for every response and every stream, however sloppy."""

import json

import pytest
from hypothesis import given, strategies as st
from torouter.canonical import schema
from torouter.canonical.brackets import Brackets
from torouter.canonical.fold import fold
from torouter.canonical.settle import is_empty, settle
from torouter.canonical.unfold import unfold

from tests.canonical import strategies
from tests.canonical.grammar import violations

orders = st.sampled_from(["free", "serial"])


def run(events, complete=True, **options):
    brackets = Brackets(**options)
    return [*brackets.feed(events), *brackets.finish(complete)]


@given(strategies.responses(), orders)
def test_a_response_told_as_a_stream_is_the_settled_response(response, order):
    assert schema.check_response(response) == []
    events = unfold(response)
    assert [problem for event in events for problem in schema.check_event(event)] == []
    out = run(events, order=order)
    settled = settle(response)
    assert fold(out) == settled
    assert out[-1] == {"type": "end", "response": settled}
    assert violations(out, serial=order == "serial") == []


@given(strategies.responses())
def test_settling_is_done_once(response):
    settled = settle(response)
    assert schema.check_response(settled) == []
    assert settle(settled) == settled


@given(strategies.responses())
def test_the_number_of_parts_is_kept(response):
    for number, output in enumerate(settle(response)["outputs"]):
        given_parts = [part for part in response["outputs"][number]["parts"] if not is_empty(part)]
        resent = [
            place for place, part in enumerate(given_parts)
            if part["kind"] == "tool_call" and same(part, first_with_its_id(given_parts[:place], part["id"]))
        ]  # fmt: skip
        assert len(output["parts"]) == len(given_parts) - len(resent)


def first_with_its_id(parts, call):
    return next((part for part in parts if part["kind"] == "tool_call" and part["id"] == call), {})


def same(one, other):
    return all(one.get(name) == other.get(name) for name in ("kind", "id", "name", "arguments"))


@given(strategies.responses())
def test_call_ids_of_an_output_are_unique(response):
    for output in settle(response)["outputs"]:
        ids = [part["id"] for part in output["parts"] if part["kind"] == "tool_call"]
        assert len(set(ids)) == len(ids)


@given(strategies.stream_events, orders, st.booleans(), st.sampled_from([None, ["reasoning"], ["text", "reasoning"]]))
def test_any_sequence_becomes_a_well_formed_one(events, order, complete, slots):
    out = run(events, complete, order=order, slots=slots)
    assert violations(out, serial=order == "serial", shapes=False) == []  # a sloppy part may lack or have any member
    assert out[-1]["type"] == ("end" if complete else "error")
    if complete:
        # What became known of the response after its start is only in the folded one.
        assert fold(out)["outputs"] == out[-1]["response"]["outputs"]


@given(strategies.stream_events, orders)
def test_no_text_is_lost_or_doubled_by_the_order(events, order):
    """Queuing changes when a part is shown, not what is in it; only calls that end early may differ."""
    texts = [event for event in events if event.get("kind") != "tool_call" and event["type"] == "part.delta"]
    free, queued = (run(texts, order=each)[-1]["response"]["outputs"] for each in ("free", order))

    def flat(outputs):
        return sorted(json.dumps(part) for output in outputs for part in output["parts"])

    assert flat(free) == flat(queued)


@given(strategies.stream_events, orders, st.data())
def test_batches_do_not_matter(events, order, data):
    whole = run(events, order=order)[-1]["response"]
    brackets = Brackets(order=order)
    rest = list(events)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        brackets.feed(rest[:size])
        rest = rest[size:]
    assert brackets.finish(True)[-1]["response"] == whole


@given(strategies.stream_events, orders)
def test_the_short_way_of_plain_deltas_leads_where_the_long_way_leads(events, order):
    """A member that says nothing keeps a delta off the hot path."""
    assert run(events, order=order) == run([{**event, "phase": None} for event in events], order=order)


@given(strategies.stream_events, orders)
def test_the_same_events_give_the_same_answer(events, order):
    assert run(events, order=order) == run(events, order=order)


@given(st.lists(st.one_of(strategies.words, st.just("")), max_size=20))
def test_text_comes_out_as_it_went_in(pieces):
    out = run([{"type": "part.delta", "kind": "text", "text": piece} for piece in pieces])
    assert [event["text"] for event in out if event["type"] == "part.delta"] == [piece for piece in pieces if piece]


@pytest.mark.parametrize("name", schema.NAMES)
def test_every_member_of_a_schema_is_described_and_shown(name):
    def objects(node):
        if isinstance(node, dict):
            yield node
            for inner in node.values():
                yield from objects(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from objects(inner)

    for node in objects(schema.load(name)):
        for member in node.get("properties", {}).values():
            assert member["description"]
            assert member["examples"]
