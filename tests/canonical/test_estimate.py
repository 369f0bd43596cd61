"""An estimate of tokens: the same for the same request, larger for more, and roughly what tokenizers give."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, strategies as st
from torouter.canonical.estimate import estimate

from tests.canonical.strategies import response_parts, words

results = st.fixed_dictionaries({"kind": st.just("tool_result"), "id": words, "parts": st.lists(response_parts, max_size=2)})
files = st.fixed_dictionaries(
    {"kind": st.sampled_from(["image", "audio", "video", "file"])},
    optional={"data": words, "url": words, "media_type": st.sampled_from(["text/plain", "application/pdf"])},
)
parts = st.one_of(response_parts, results, files)
turns = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "parts": st.lists(parts, max_size=4)})
tools = st.one_of(
    st.fixed_dictionaries({"kind": st.just("function"), "name": words}, optional={"description": words, "schema": st.just({"type": "object"})}),
    st.fixed_dictionaries({"kind": st.just("native"), "protocol": st.just("made-up"), "value": st.just({"a": 1})}),
)
requests = st.fixed_dictionaries(
    {"turns": st.lists(turns, min_size=1, max_size=3)},
    optional={
        "system": st.lists(st.fixed_dictionaries({"kind": st.just("text"), "text": words}), min_size=1, max_size=2),
        "tools": st.lists(tools, min_size=1, max_size=2),
        "format": st.just({"kind": "json_schema", "schema": {"type": "object"}}),
    },
)
PAYLOADS = ("text", "arguments", "data", "description")


def asking(text: str, **members: Any) -> dict[str, Any]:
    return {"turns": [{"role": "user", "parts": [{"kind": "text", "text": text}]}], **members}


def texts(value: Any) -> list[tuple[dict[str, Any], str]]:
    """Every text of a request that a model reads, with the object that holds it."""
    found = []
    for name, inner in value.items() if isinstance(value, dict) else ():
        found += [(value, name)] if name in PAYLOADS and isinstance(inner, str) else texts(inner)
    for inner in value if isinstance(value, list) else ():
        found += texts(inner)
    return found


@given(requests, words, st.data())
def test_a_longer_text_never_counts_less(request_: dict[str, Any], more: str, data: st.DataObject) -> None:
    longer = copy.deepcopy(request_)
    places = texts(longer)
    if places:
        holder, name = data.draw(st.sampled_from(places))
        holder[name] += more
    assert estimate(longer) >= estimate(request_)


@given(requests, parts, turns, tools)
def test_a_further_part_turn_or_tool_never_counts_less(request_: dict[str, Any], part: Any, turn: Any, tool: Any) -> None:
    known = estimate(request_)
    longer = {**request_, "turns": [*request_["turns"], turn], "tools": [*request_.get("tools", []), tool]}
    assert estimate(longer) > known
    fuller = copy.deepcopy(request_)
    fuller["turns"][-1]["parts"].append(part)
    assert estimate(fuller) >= known


@given(requests)
def test_the_same_request_counts_the_same_and_is_left_as_it_is(request_: dict[str, Any]) -> None:
    before = copy.deepcopy(request_)
    assert estimate(request_) == estimate(copy.deepcopy(request_)) > 0
    assert request_ == before


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("a" * 400, 100), ("ж" * 400, 200), ("語" * 400, 300), ("🙂" * 400, 400)],
    ids=["latin", "cyrillic", "chinese", "emoji"],
)
def test_other_scripts_need_more_tokens_for_as_many_characters(text: str, tokens: int) -> None:
    assert estimate(asking(text)) - estimate(asking("")) == tokens


def test_half_a_character_is_counted_like_any_other() -> None:
    assert estimate(asking("\ud83d")) > estimate(asking(""))


def test_instructions_tools_and_the_form_of_the_answer_count() -> None:
    bare = estimate(asking("hi"))
    tool = {"kind": "function", "name": "look_up", "description": "Looks things up.", "schema": {"type": "object"}}
    assert estimate(asking("hi", system=[{"kind": "text", "text": "Be brief."}])) > bare
    assert estimate(asking("hi", tools=[tool])) > estimate(asking("hi", tools=[{**tool, "description": ""}])) > bare
    assert estimate(asking("hi", format={"kind": "json_schema", "schema": {"type": "object"}})) > bare


def test_a_file_counts_by_its_size_and_an_image_does_not() -> None:
    def counted(**part: Any) -> int:
        return estimate({"turns": [{"role": "user", "parts": [part]}]})

    assert counted(kind="image", data="A" * 9_000_000) == counted(kind="image", data="A" * 900) == counted(kind="image", url="x")
    assert counted(kind="file", data="A" * 90_000) > counted(kind="file", data="A" * 9_000)
    assert counted(kind="file", data="A" * 9_000, media_type="text/plain") > counted(kind="file", data="A" * 9_000)
    assert counted(kind="audio", data="A" * 900_000) > counted(kind="audio", data="A" * 9_000)
    assert counted(kind="file", file_id="f") == counted(kind="image", url="x")


def test_opaque_values_are_not_read() -> None:
    signed = {"turns": [{"role": "assistant", "parts": [{"kind": "reasoning", "text": "so", "signature": "A" * 4000}]}]}
    assert estimate(signed) < 20
