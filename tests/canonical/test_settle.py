"""What every finished response obeys."""

import pytest
from torouter.canonical.settle import settle

TEXT = {"kind": "text", "text": "t"}
REFUSAL = {"kind": "refusal", "text": "no"}
CALL = {"kind": "tool_call", "id": "c", "name": "f", "arguments": "{}"}


def one(*parts, **finish):
    output = {"index": 0, "parts": list(parts), **({"finish": finish} if finish else {})}
    return settle({"id": "r", "outputs": [output]})["outputs"][0]


@pytest.mark.parametrize(
    ("parts", "said", "settled"),
    [
        ([CALL], "stop", "tool_calls"),
        ([CALL], None, "tool_calls"),
        ([CALL], "length", "length"),
        ([CALL], "content_filter", "content_filter"),
        ([CALL], "pause", "pause"),
        ([TEXT], None, "stop"),
        ([TEXT], "tool_calls", "stop"),
        ([TEXT], "stop_sequence", "stop_sequence"),
        ([TEXT], "other", "other"),
        ([TEXT, REFUSAL], "stop", "refusal"),
        ([REFUSAL, CALL], "stop", "tool_calls"),
        ([REFUSAL], "content_filter", "content_filter"),
        ([], "stop", "stop"),
    ],
)
def test_the_reason_agrees_with_the_parts(parts, said, settled):
    output = one(*parts, **({"reason": said} if said else {}))
    assert output["finish"]["reason"] == settled


def test_the_source_s_own_words_about_the_finish_stay():
    assert one(CALL, reason="stop", native="DONE")["finish"] == {"reason": "tool_calls", "native": "DONE"}


@pytest.mark.parametrize(
    "part",
    [
        {"kind": "text", "text": ""},
        {"kind": "refusal", "text": ""},
        {"kind": "reasoning"},
        {"kind": "reasoning", "text": "", "id": "item_1"},
        {"kind": "tool_call", "id": "c", "name": "", "arguments": "{}"},
    ],
)
def test_a_part_without_content_is_dropped(part):
    assert one(part, TEXT)["parts"] == [TEXT]


@pytest.mark.parametrize(
    "part",
    [
        {"kind": "text", "text": "", "signature": "S"},
        {"kind": "text", "text": "", "citations": [{"kind": "url", "url": "u"}]},
        {"kind": "text", "text": " "},
        {"kind": "reasoning", "signature": "S"},
        {"kind": "reasoning", "redacted": "X"},
        {"kind": "image", "url": "https://example.com/a.png"},
    ],
)
def test_a_part_that_says_anything_is_kept(part):
    assert one(part)["parts"] == [part]


def test_missing_arguments_are_an_empty_object_and_of_a_custom_call_empty_text():
    assert one({**CALL, "arguments": ""})["parts"] == [CALL]
    custom = {**CALL, "arguments": "", "custom": True}
    assert one(custom)["parts"] == [custom]


def test_cut_arguments_stay_as_they_are():
    cut = {**CALL, "arguments": '{"x":'}
    assert one(cut, reason="length")["parts"] == [cut]


def test_missing_ids_are_derived_and_differ():
    bare = {"kind": "tool_call", "name": "f", "arguments": "{}"}
    first, second = one(bare, bare)["parts"]
    assert first["id"] != second["id"]
    assert one(bare, bare)["parts"] == [first, second]
    other = settle({"id": "another", "outputs": [{"index": 0, "parts": [bare]}]})["outputs"][0]["parts"][0]
    assert other["id"] != first["id"]


def test_a_call_sent_twice_is_one_call_and_another_under_its_id_gets_its_own():
    other = {**CALL, "arguments": '{"x":1}'}
    parts = one(CALL, CALL, other)["parts"]
    assert parts[0] == CALL
    assert len(parts) == 2
    assert parts[1] == {**other, "id": parts[1]["id"]}
    assert parts[1]["id"] != "c"


def test_an_empty_response_has_one_empty_answer():
    assert settle({"outputs": []})["outputs"] == [{"index": 0, "parts": [], "finish": {"reason": "stop"}}]


def test_no_reason_is_made_up_for_an_interrupted_answer():
    assert settle({"outputs": [{"index": 0, "parts": [CALL]}]}, complete=False)["outputs"] == [
        {"index": 0, "parts": [CALL]}
    ]
    assert settle({"outputs": []}, complete=False)["outputs"] == []


def test_the_original_is_not_changed():
    response = {"outputs": [{"index": 0, "parts": [{**CALL, "arguments": ""}]}]}
    settle(response)
    assert response == {"outputs": [{"index": 0, "parts": [{**CALL, "arguments": ""}]}]}
