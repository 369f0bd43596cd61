"""Turns after decoding and before encoding, behaviour by behaviour; the cases are in cases/turns.yaml."""

import copy
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, strategies as st
from ruamel.yaml import YAML
from torouter.canonical import schema
from torouter.canonical.arrange import NO_RESULT, TurnOptions, arrange_turns
from torouter.canonical.carriers import carrier, seal
from torouter.canonical.link import link
from torouter.canonical.turns import shape_turns

CASES = YAML(typ="safe").load(Path(__file__).parent / "cases" / "turns.yaml")
ROLES = {"sys": "system", "user": "user", "asst": "assistant"}


def part(short):
    ((kind, value),) = short.items()
    if kind in ("text", "reasoning"):
        return {"kind": kind, "text": value}
    if kind == "call":
        id_, name = value
        return {"kind": "tool_call", "name": name, "arguments": "{}", **({"id": id_} if id_ else {})}
    if kind == "missing":
        return {"kind": "tool_result", "id": value, "error": True, "parts": [{"kind": "text", "text": NO_RESULT}]}
    ((target, text),) = value.items()
    address = {"name": target[:-1]} if target.endswith("!") else {"id": target}
    return {"kind": "tool_result", **address, "parts": [] if text is None else [{"kind": "text", "text": text}]}


def turns(short):
    return [
        {"role": ROLES[role], "parts": [{"kind": "text", "text": said}] if isinstance(said, str) else [*map(part, said)]}
        for turn in short
        for role, said in turn.items()
    ]


def nameless(turns):
    """Results without the names that linking filled in: most cases do not care."""
    return [
        {**turn, "parts": [
            {name: value for name, value in part.items() if part["kind"] != "tool_result" or name != "name"}
            for part in turn["parts"]
        ]}
        for turn in turns
    ]  # fmt: skip


def ids(turns, kind):
    return [part["id"] for turn in turns for part in turn["parts"] if part["kind"] == kind]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_turns(case):
    decoded = {"model": "m", "turns": turns(case["in"])}
    before = copy.deepcopy(decoded)
    request = link(shape_turns(decoded))
    assert decoded == before
    assert schema.check_request(request) == []
    assert [part["text"] for part in request.get("system", ())] == case.get("system", [])
    if "shaped" in case:
        assert nameless(request["turns"]) == turns(case["shaped"])
    if "linked" in case:
        calls, results = ids(request["turns"], "tool_call"), ids(request["turns"], "tool_result")
        assert calls == results
        assert len(set(calls)) == len(calls)
        assert [[p["name"] for p in turn["parts"]] for turn in request["turns"]] == case["linked"]
    if "answers" in case:
        (result,) = ids(request["turns"], "tool_result")
        assert result == request["turns"][case["answers"]]["parts"][0]["id"]
    if "arranged" in case:
        declared = case.get("options", {})
        pattern = declared.get("later_system", {}).get("wrap", "")
        options = TurnOptions.build(declared, lambda text: pattern.replace("{{ text }}", text))
        arranged, losses = arrange_turns(request, options)
        assert schema.check_request(arranged) == []
        assert nameless(arranged["turns"]) == turns(case["arranged"])
        assert [loss.path for loss in losses] == case.get("warned", [])


def test_a_result_learns_the_name_of_its_call_and_that_it_is_custom():
    request = link({"model": "m", "turns": [
        {"role": "assistant", "parts": [
            {"kind": "tool_call", "id": "a", "name": "f", "arguments": "free", "custom": True},
        ]},
        {"role": "user", "parts": [{"kind": "tool_result", "id": "a", "parts": []}]},
    ]})  # fmt: skip
    assert request["turns"][1]["parts"] == [
        {"kind": "tool_result", "id": "a", "name": "f", "custom": True, "parts": []}
    ]


def test_an_id_that_is_made_up_does_not_change_when_the_conversation_grows():
    start = turns([{"user": "hi"}, {"asst": [{"call": [None, "f"]}]}, {"user": [{"result": {"f!": "1"}}]}])
    longer = start + turns([{"asst": [{"call": [None, "f"]}]}, {"user": [{"result": {"f!": "1"}}]}])
    first = link(shape_turns({"turns": start}))["turns"]
    assert link(shape_turns({"turns": longer}))["turns"][:3] == first


def test_named_speakers_stay_apart_unless_turns_must_alternate():
    said = [
        {"role": "user", "name": name, "parts": [{"kind": "text", "text": name}]} for name in ("ann", "bob")
    ]
    request = shape_turns({"turns": said})
    assert request["turns"] == said
    arranged, _ = arrange_turns(request, TurnOptions(alternate=True))
    assert [len(turn["parts"]) for turn in arranged["turns"]] == [2]


def test_a_cache_mark_on_empty_text_moves_to_the_part_before_it():
    parts = [{"kind": "text", "text": "a"}, {"kind": "text", "text": "", "cache": {"ttl": "1h"}}]
    request = shape_turns({"turns": [{"role": "user", "parts": parts}]})
    assert request["turns"][0]["parts"] == [{"kind": "text", "text": "a", "cache": {"ttl": "1h"}}]


def test_text_that_is_only_a_signature_stays():
    parts = [{"kind": "text", "text": "", "signature": seal("fam", "v")}]
    assert shape_turns({"turns": [{"role": "assistant", "parts": parts}]})["turns"][0]["parts"] == parts


def test_carriers_give_their_values_back_before_parts_are_moved():
    value = seal("fam", "v")
    call = {"kind": "tool_call", "id": "a", "name": "f", "arguments": "{}"}
    parts = [carrier(value, "tool_call"), call, {"kind": "text", "text": "x"}]
    request = shape_turns({"turns": [{"role": "assistant", "parts": parts}]})
    assert request["turns"][0]["parts"] == [{"kind": "text", "text": "x"}, {**call, "signature": value}]


def test_a_result_has_the_group_of_its_call():
    calls = [{"kind": "tool_call", "id": name, "name": "f", "arguments": "{}", **group} for name, group in (("a", {"namespace": "n"}), ("b", {}))]
    results = [{"kind": "tool_result", "id": name, "parts": []} for name in "ab"]
    linked = link({"turns": [{"role": "assistant", "parts": calls}, {"role": "user", "parts": results}]})
    assert schema.check_request({"model": "m", **linked}) == []
    assert [part.get("namespace") for part in linked["turns"][1]["parts"]] == ["n", None]


def test_media_of_a_result_without_call_is_kept():
    image = {"kind": "image", "url": "https://example.com/a.png"}
    result = {"kind": "tool_result", "id": "z", "name": "f", "parts": [{"kind": "text", "text": "x"}, image]}
    arranged, _ = arrange_turns({"turns": [{"role": "user", "parts": [result]}]}, TurnOptions(pair="answer"))
    assert arranged["turns"][0]["parts"] == [{"kind": "text", "text": "[tool result f]: x"}, image]


def test_the_cache_mark_of_a_result_without_call_is_kept():
    result = {"kind": "tool_result", "id": "z", "name": "f", "parts": [{"kind": "text", "text": "x", "cache": {"ttl": "1h"}}]}
    arranged, _ = arrange_turns({"turns": [{"role": "user", "parts": [result]}]}, TurnOptions(pair="answer"))
    assert arranged["turns"][0]["parts"] == [{"kind": "text", "text": "[tool result f]: x", "cache": {"ttl": "1h"}}]


def test_a_result_whose_call_is_kept_elsewhere_stays_a_result():
    asked = {"turns": [{"role": "user", "parts": [{"kind": "tool_result", "id": "c", "parts": []}]}]}
    arranged, losses = arrange_turns({**asked, "state": {"previous": "answer-1"}}, TurnOptions(pair="answer"))
    assert (arranged["turns"], losses) == (asked["turns"], ())
    arranged, _ = arrange_turns({**asked, "state": {"store": True}}, TurnOptions(pair="answer"))
    assert arranged["turns"][0]["parts"][0]["kind"] == "text"


def test_pieces_of_a_stream_become_the_parts_they_were():
    def turn(*parts, role="assistant"):
        return {"role": role, "parts": list(parts)}

    pieces = [
        turn({"kind": "reasoning", "text": "Look"}),
        turn({"kind": "reasoning", "text": " up."}, {"kind": "reasoning", "text": "", "signature": "s"}),
        turn({"kind": "reasoning", "text": "More."}),
        turn({"kind": "text", "text": "He"}, {"kind": "text", "text": "llo"}),
        turn({"kind": "text", "text": "a"}, {"kind": "text", "text": "b"}, role="user"),
    ]
    shaped = shape_turns({"turns": pieces}, ["text", "reasoning"])["turns"]
    assert shaped[0]["parts"] == [
        {"kind": "reasoning", "text": "Look up.", "signature": "s"},
        {"kind": "reasoning", "text": "More."},
        {"kind": "text", "text": "Hello"},
    ]
    assert [part["text"] for part in shaped[1]["parts"]] == ["a", "b"]


def test_a_part_that_says_more_of_itself_is_no_piece():
    parts = [{"kind": "text", "text": "a", "cache": {}}, {"kind": "text", "text": "b"}, {"kind": "refusal", "text": "c"}]
    assert shape_turns({"turns": [{"role": "assistant", "parts": parts}]}, ["text"])["turns"][0]["parts"] == parts


TALK = st.lists(
    st.tuples(
        st.sampled_from(["user", "assistant", "system"]),
        st.lists(st.tuples(st.sampled_from(["text", "tool_call", "tool_result"]), st.sampled_from("abc")), min_size=1, max_size=3),
        st.booleans(),
    ),
    max_size=5,
)  # fmt: skip


def conversation(talk):
    made = {"text": lambda it: {"text": it}, "tool_call": lambda it: {"id": it, "name": "f", "arguments": "{}"},
            "tool_result": lambda it: {"id": it, "parts": [{"kind": "text", "text": it}]}}  # fmt: skip
    turns = [
        {"role": role, "parts": [{"kind": kind, **made[kind](it)} for kind, it in parts], **({"name": "n"} if named else {})}
        for role, parts, named in talk
    ]
    return link({"model": "m", "turns": turns})


@given(TALK, st.sampled_from([None, "answer"]), st.booleans())
def test_what_is_paired_already_is_arranged_as_all_else_is(talk, pair, alternate):
    request, options = conversation(talk), TurnOptions(pair=pair, alternate=alternate)
    with mock.patch("torouter.canonical.arrange.is_paired", return_value=False):
        at_length = arrange_turns(request, options)
    assert arrange_turns(request, options) == at_length


def test_turns_that_stand_right_are_the_same_turns():
    talk = [("user", [("text", "a")], False), ("assistant", [("tool_call", "a")], False), ("user", [("tool_result", "a")], False)]
    request = shape_turns(conversation(talk))
    linked = link(request)
    arranged, _ = arrange_turns(linked, TurnOptions(pair="answer", alternate=True, blank="drop"))
    assert [id(turn) for turn in arranged["turns"]] == [id(turn) for turn in linked["turns"]]
