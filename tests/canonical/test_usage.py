"""Token counts in the inclusive form."""

import pytest
from hypothesis import given, strategies as st
from torouter.canonical.usage import merge_counters, total, uncached_input, violations, visible_output

counters = st.dictionaries(st.sampled_from(["input", "output", "cache_read"]), st.integers(0, 9))


def test_a_later_value_replaces_an_earlier_one():
    assert merge_counters({"input": 10, "output": 1}, {"output": 7}) == {"input": 10, "output": 7}


@pytest.mark.parametrize("nothing", [None, 0])
def test_null_and_zero_do_not_overwrite(nothing):
    assert merge_counters({"input": 10}, {"input": nothing}) == {"input": 10}


def test_zero_is_kept_where_nothing_was_known_and_null_is_not():
    assert merge_counters({}, {"input": 0, "output": None}) == {"input": 0}


def test_nested_counters_merge_member_by_member():
    known = {"native": {"audio": 3, "image": 1}}
    assert merge_counters(known, {"native": {"audio": 0, "image": 2}}) == {"native": {"audio": 3, "image": 2}}
    assert known == {"native": {"audio": 3, "image": 1}}


@given(counters)
def test_merging_the_same_again_changes_nothing(usage):
    assert merge_counters(usage, usage) == usage
    assert merge_counters(None, usage) == usage
    assert merge_counters(usage, None) == usage


def test_arithmetic_of_the_inclusive_form():
    usage = {"input": 128, "output": 77, "cache_read": 100, "cache_write": 20, "cache_write_long": 5, "reasoning": 68}
    assert total(usage) == 205
    assert uncached_input(usage) == 8
    assert visible_output(usage) == 9
    assert violations(usage) == []


def test_differences_are_never_negative():
    assert uncached_input({"input": 1, "cache_read": 2}) == 0
    assert visible_output({"output": 1, "reasoning": 2}) == 0


@pytest.mark.parametrize(
    ("usage", "violation"),
    [
        ({"input": 1, "cache_read": 2}, "cached tokens exceed input"),
        ({"output": 1, "reasoning": 2}, "reasoning exceeds output"),
        ({"input": 9, "cache_write": 1, "cache_write_long": 2}, "cache_write_long exceeds cache_write"),
        ({"reasoning": -1, "native": {"x": -1}}, "reasoning is negative"),
    ],
)
def test_broken_rules_are_named(usage, violation):
    assert violations(usage) == [violation]
