"""The bracket layer, behaviour by behaviour; the cases are in cases/brackets.yaml."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML
from torouter.canonical import schema
from torouter.canonical.brackets import Brackets
from torouter.canonical.fold import fold

from tests.canonical.grammar import violations

CASES = YAML(typ="safe").load(Path(__file__).parent / "cases" / "brackets.yaml")
NOT_SHOWN = ("start", "output.start", "usage", "end")


def run(events, *, complete=True, **options):
    brackets = Brackets(**options)
    return [*brackets.feed(events), *brackets.finish(complete)]


def line(event):
    kind = event["type"]
    if kind == "part.start":
        return " ".join(["start", str(event["index"]), event["kind"], *(event[n] for n in ("id", "name") if n in event)])
    if kind == "part.delta":
        signature = ["signature"] if "signature" in event else []
        carried = next(event[n] for n in ("text", "arguments", "signature", "citations") if n in event)
        return " ".join(["delta", str(event["index"]), *signature, str(carried)])
    return f"end {event['index']}" if kind == "part.end" else f"finish {event['finish']['reason']}"


def without_ids(parts):
    return [{name: value for name, value in part.items() if name != "id"} for part in parts]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_decoder_events_become(case):
    options = case.get("options", {})
    for event in case["in"]:
        assert schema.check_event(event) == []
    out = run(case["in"], complete=case.get("complete", True), **options)

    assert violations(out, serial=options.get("order") == "serial") == []
    if "events" in case:
        assert out == case["events"]
    if "shown" in case:
        assert [line(event) for event in out if event["type"] not in NOT_SHOWN] == case["shown"]
    if "parts" in case:
        parts = out[-1]["response"]["outputs"][0]["parts"]
        if case.get("ids") == "derived":
            assert len({part["id"] for part in parts}) == len(parts)
            parts, expected = without_ids(parts), without_ids(case["parts"])
        else:
            expected = case["parts"]
        assert parts == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_event_may_come_alone(case):
    """How the source cuts its events into batches changes nothing."""
    options, complete = case.get("options", {}), case.get("complete", True)
    brackets = Brackets(**options)
    out = [made for event in case["in"] for made in brackets.feed([event])] + brackets.finish(complete)

    def visible(events):
        return [event for event in events if event["type"] != "start"]

    assert visible(out) == visible(run(case["in"], complete=complete, **options))


def test_a_call_without_id_gets_the_same_id_every_time():
    events = [{"type": "start", "id": "r"}, {"type": "part.delta", "kind": "tool_call", "key": 0, "name": "f"}]
    first, second = run(events), run(events)
    other = run([{"type": "start", "id": "s"}, *events[1:]])

    assert first == second
    assert first[2]["id"].startswith("call_")
    assert first[2]["id"] != other[2]["id"]


def test_what_is_left_out_is_told():
    brackets = Brackets(kinds={"text"}, outputs="first")
    brackets.feed([
        {"type": "part.delta", "kind": "reasoning", "text": "R"},
        {"type": "part.delta", "output": 1, "kind": "text", "text": "b"},
    ])
    assert brackets.dropped == {"outputs.parts.reasoning", "outputs"}


def test_finish_may_be_called_again_and_says_nothing():
    brackets = Brackets()
    assert brackets.finish(True)
    assert brackets.finish(False) == []
    assert brackets.feed([{"type": "part.delta", "kind": "text", "text": "a"}]) == []


def test_an_interruption_may_carry_its_own_error():
    error = {"kind": "timeout", "status": 504, "message": "Too slow"}
    assert Brackets().finish(False, error)[-1]["error"] == error


def test_a_folded_part_is_not_changed_by_what_is_folded_later():
    brackets = Brackets()
    early = brackets.feed([
        {"type": "part.delta", "kind": "text", "text": "a"},
        {"type": "part.delta", "kind": "tool_call", "key": 0, "id": "c", "name": "f"},
    ])
    late = brackets.finish(True)
    assert fold([*early, *late]) == late[-1]["response"]


def test_what_one_protocol_says_of_an_answer_is_merged_and_comes_with_its_finish():
    out = run([
        {"type": "output", "native": {"p": {"a": 1, "b": 1}}},
        {"type": "output", "output": 1, "native": {"p": {"a": 2}}},
        {"type": "part.delta", "kind": "text", "text": "a"},
        {"type": "output", "native": {"p": {"b": 3}, "q": {"c": 4}}},
        {"type": "output", "native": None},
    ])
    natives = [event.get("native") for event in out if event["type"] == "finish"]
    assert natives == [{"p": {"a": 1, "b": 3}, "q": {"c": 4}}, {"p": {"a": 2}}]
    assert [output["native"] for output in out[-1]["response"]["outputs"]] == natives


def test_what_one_protocol_says_of_the_response_is_merged_and_the_first_value_stays():
    out = run([
        {"type": "start", "native": {"p": {"a": 1}}},
        {"type": "part.delta", "kind": "text", "text": "a"},
        {"type": "start", "native": {"p": {"a": 2, "b": 2}, "q": {"c": 2}}},
    ])
    assert out[0]["native"] == {"p": {"a": 1}}
    assert out[-1]["response"]["native"] == {"p": {"a": 1, "b": 2}, "q": {"c": 2}}
