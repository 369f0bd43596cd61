"""Findings: what is near, what is shown, what is concealed."""

import pytest
from torouter.diagnostics import Diagnostics, Label, Span, did_you_mean, render_line, render_terminal


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("wrokers", 'did you mean "workers"?'), ("Workers", 'did you mean "workers"?'), ("zzz", None), ("", None)],
)
def test_only_what_is_close_is_suggested(name: str, suggestion: str | None) -> None:
    assert did_you_mean(name, ["workers", "strict"]) == suggestion


def test_findings_are_sorted_by_place_whatever_their_order() -> None:
    found = Diagnostics()
    found.error("bad-value", Span("b", 1, 1), "third")
    found.error("bad-value", Span("a", 2, 1), "second")
    found.warning("bad-value", None, "first")
    assert [line.split(": ")[-1] for line in render_line(found).splitlines()] == ["first", "second", "third"]


def test_only_errors_make_it_fail() -> None:
    found = Diagnostics()
    found.warning("bad-value", None, "mild")
    assert not found.failed
    found.error("bad-value", None, "bad")
    assert found.failed


def test_an_underline_keeps_the_tabs_of_its_line() -> None:
    found = Diagnostics(sources={"a": "\tkey: value"})
    found.error("bad-value", Span("a", 1, 7, 5), "no", labels=[Label(Span("a", 1, 2, 3), "the key")], help="mend it")
    assert render_terminal(found) == (
        "a:1:7: error[bad-value]: no\n    1 | \tkey: value\n      | \t     ^^^^^\n"
        "  a:1:2: the key\n    1 | \tkey: value\n      | \t---\n  help: mend it\n"
    )


def test_a_long_line_is_shown_around_its_underline() -> None:
    found = Diagnostics(sources={"a": "x" * 5000 + "bad" + "x" * 5000})
    found.error("bad-value", Span("a", 1, 5001, 3), "no")
    shown, underline = render_terminal(found).splitlines()[1:3]
    assert len(shown) < 200
    assert shown[underline.index("^") : underline.index("^") + 3] == "bad"


def test_what_is_concealed_is_never_shown() -> None:
    found = Diagnostics(sources={"a": "one: secret # kept"})
    found.conceal(Span("a", 1, 6, 6))
    found.error("bad-value", Span("a", 1, 6, 6), "no")
    assert "one: ****** # kept" in render_terminal(found)


def test_a_name_that_only_holds_the_same_letters_is_not_suggested() -> None:
    assert did_you_mean("lab", ["alibaba"]) is None
    assert did_you_mean("labb", ["lab", "alibaba"]) == 'did you mean "lab"?'
