"""The judge itself: what counts as equal in meaning, and that a difference is seen."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.fidelity.meaning import Answer, Meaning, Tokens, Tool, arguments, differences, expected, stop_class
from tests.fidelity.responses import Disagreement, agree

TOLD = Meaning((Answer("hi", "hm", "", (Tool("f", '{"a": 1}'),), "tools"),), Tokens(10, 4, 0, 7, 3))


@pytest.mark.parametrize(
    ("other", "member"),
    [
        (replace(TOLD, answers=(replace(TOLD.answers[0], text="ho"),)), "answers[0].text"),
        (replace(TOLD, answers=(replace(TOLD.answers[0], reasoning=""),)), "answers[0].reasoning"),
        (replace(TOLD, answers=(replace(TOLD.answers[0], tools=(Tool("f", '{"a": 2}'),)),)), "answers[0].tools"),
        (replace(TOLD, answers=(replace(TOLD.answers[0], stop="stop"),)), "answers[0].stop"),
        (replace(TOLD, answers=TOLD.answers * 2), "answers"),
        (replace(TOLD, tokens=Tokens(10, 0, 4, 7, 3)), "tokens.cache_read"),
        (replace(TOLD, tokens=None), "tokens"),
        (Meaning(error=True), "error"),
    ],
)
def test_a_difference_is_named(other: Meaning, member: str) -> None:
    assert differences(TOLD, TOLD) == []
    assert differences(TOLD, other)[0].startswith(member + ":")


def test_arguments_are_compared_as_json() -> None:
    assert arguments('{"b":2, "a":1}') == arguments({"a": 1, "b": 2})
    assert arguments("") == arguments({})
    assert arguments('{"a":') == '{"a":'


def test_a_normal_stop_with_a_call_waits_for_the_tool() -> None:
    assert stop_class("stop", (Tool("f", "{}"),), "") == "tools"
    assert stop_class("length", (Tool("f", "{}"),), "") == "length"
    assert stop_class("stop", (), "no") == "refused"


@pytest.mark.parametrize("client", ["anthropic-messages", "openai-responses"])
def test_a_client_with_one_answer_reads_the_first(client: str) -> None:
    native = Meaning((Answer("A", stop="stop"), Answer("B", stop="stop")), Tokens(1))
    assert expected(native, "openai-chat", client).answers == (Answer("A", stop="stop"),)
    assert expected(native, "openai-chat", "openai-chat") == native


def message(*parts: dict[str, object]) -> SimpleNamespace:
    return SimpleNamespace(type="message", content=[SimpleNamespace(**part) for part in parts])


def test_a_stream_whose_pieces_say_something_else_than_its_end_is_seen() -> None:
    said, other = message({"type": "output_text", "text": "Hello"}), message({"type": "output_text", "text": "Hullo"})
    added = {"text": "Hello", "reasoning": "", "refusal": "", "call": ""}
    agree(added, [said], [said])
    for pieces, done, output in [(added, [other], [said]), ({**added, "text": "Hel"}, [said], [said]), (added, [], [said])]:
        with pytest.raises(Disagreement):
            agree(pieces, done, output)


def test_a_refusal_becomes_text_where_there_is_no_member_for_it() -> None:
    native = Meaning((Answer("", refusal="no", stop="refused"),), Tokens())
    assert expected(native, "openai-chat", "anthropic-messages").answers == (Answer("no", stop="refused"),)


def test_a_free_text_tool_becomes_an_object_with_one_member() -> None:
    native = Meaning((Answer(tools=(Tool("calc", "4 + 4", custom=True),), stop="tools"),), Tokens())
    read = expected(native, "openai-chat", "anthropic-messages").answers[0]
    assert read.tools == (Tool("calc", '{"input": "4 + 4"}'),)


def test_counts_that_nobody_gave_read_as_zero_only_where_numbers_are_required() -> None:
    native = Meaning((Answer("A", stop="stop"),), None)
    assert expected(native, "openai-chat", "anthropic-messages").tokens == Tokens()
    assert expected(native, "openai-chat", "openai-chat").tokens is None


def test_a_stop_sequence_is_a_stop_where_there_is_no_word_for_it() -> None:
    native = Meaning((Answer("A", stop="stop_sequence"),), Tokens())
    assert expected(native, "anthropic-messages", "openai-chat").answers[0].stop == "stop"
    assert expected(native, "anthropic-messages", "anthropic-messages") == native
