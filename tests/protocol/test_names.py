"""Names of members in two spellings: one of them is read, and what belongs to the user stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from torouter.protocol.names import Names, camel_case, read_names

NAMES = Names(frozenset({"args"}))


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("top_k", "topK"),
        ("topK", "topK"),
        ("a_b_c", "aBC"),
        ("mime__type", "mimeType"),
        ("_private", "_private"),
        ("trailing_", "trailing_"),
        ("part_2", "part2"),
        ("é_b", "é_b"),
    ],
)
def test_a_name_is_spelled_in_camel_case(written: str, spelled: str) -> None:
    assert camel_case(written) == spelled


def test_members_are_respelled_at_every_depth() -> None:
    body = {"outer_one": [{"inner_two": {"deep_three": 1}}, "a_b"], "plain": "c_d"}
    assert NAMES.respell(body) == {"outerOne": [{"innerTwo": {"deepThree": 1}}, "a_b"], "plain": "c_d"}


def test_what_stands_below_an_opaque_member_is_the_users() -> None:
    body = {"args": {"user_name": 1}, "tool_call": {"args": [{"a_b": 1}]}}
    assert NAMES.respell(body) == {"args": {"user_name": 1}, "toolCall": {"args": [{"a_b": 1}]}}


@pytest.mark.parametrize("body", [{"top_k": 1, "topK": 2}, {"topK": 2, "top_k": 1}])
def test_where_both_spellings_come_the_camel_one_counts(body: dict[str, Any]) -> None:
    assert NAMES.respell(body) == {"topK": 2}


def test_the_body_that_came_stays_as_it_is() -> None:
    body = {"a_b": {"c_d": 1}}
    NAMES.respell(body)
    assert body == {"a_b": {"c_d": 1}}


@pytest.mark.parametrize("declared", [None, "yes", ["a"]])
def test_a_file_that_says_nothing_of_names_has_none(declared: object) -> None:
    assert read_names(declared) is None


def test_a_file_may_say_names_without_anything_opaque() -> None:
    assert read_names({"opaque": "x"}) == Names(frozenset())
    assert read_names({"opaque": ["x", 1]}) == Names(frozenset({"x"}))
