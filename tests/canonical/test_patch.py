"""What a configuration sets in a request."""

from torouter.canonical.patch import merge_patch


def test_members_are_set_merged_and_removed() -> None:
    request = {"model": "m", "reasoning": {"effort": "low", "budget": 5}, "stop": ["a"]}
    patch = {"reasoning": {"effort": "high"}, "stop": None, "max_output": 9}
    assert merge_patch(request, patch) == {"model": "m", "reasoning": {"effort": "high", "budget": 5}, "max_output": 9}


def test_the_request_itself_stays_as_it_was() -> None:
    request = {"reasoning": {"effort": "low"}}
    merge_patch(request, {"reasoning": {"effort": None}})
    assert request == {"reasoning": {"effort": "low"}}


def test_what_is_removed_inside_something_new_is_not_there() -> None:
    assert merge_patch({}, {"reasoning": {"effort": None, "visible": True}}) == {"reasoning": {"visible": True}}
