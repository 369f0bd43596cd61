"""A document knows where every value, key and character stands, and holds only what JSON can hold."""

import pytest
from hypothesis import given, strategies as st
from torouter.config.document import Document, Where, load_document
from torouter.diagnostics import Diagnostics


def load(text: str) -> Document:
    diagnostics = Diagnostics()
    document = load_document(text, "a.yaml", "user", diagnostics)
    assert document is not None
    assert diagnostics.items == []
    return document


def place(where: Where, offset: int = 0, length: int | None = None) -> tuple[int, int, int]:
    span = where.span(offset, length)
    return span.line, span.column, span.length


def test_a_value_and_its_key_have_their_own_places() -> None:
    root = load("a:\n  bcd: value\n").root
    assert place(root.at("a", "bcd")) == (2, 8, 5)
    assert place(root.at("a").key("bcd")) == (2, 3, 3)
    assert place(root.at("a", "bcd").own_key()) == (2, 3, 3)


def test_a_list_entry_has_no_key_and_is_its_own_place() -> None:
    assert place(load("a: [x, yz]").root.at("a", 1).own_key()) == (1, 8, 2)


def test_an_absent_value_stands_at_its_key() -> None:
    assert place(load("abc:\nd: 1\n").root.at("abc")) == (1, 1, 3)


def test_what_is_not_there_is_reported_at_the_nearest_key_around_it() -> None:
    assert place(load("a:\n  bc:\n    d: 1\n").root.at("a", "bc", "missing", "deeper")) == (2, 3, 2)


def test_a_value_that_is_not_there_raises() -> None:
    with pytest.raises(LookupError):
        _ = load("a: 1").root.at("a", "b").value


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a: =one.two", "two"),
        ("a: 'it''s two'", "two"),
        ('a: "x\\ty two"', "two"),
        ("a: one\n  more two", "two"),
        ("a: 'one\n\n\n  two'", "two"),
        ('a: "one\\\n  two"', "two"),
        ("a: |\n  one\n    two\n", "two"),
        ("a: |2\n   one\n  two\n", "two"),
        ("a: >-\n  one\n  more\n\n\n  two\n", "two"),
        ("a: >\n\n  one\n   indented\n  two\n", "two"),
        ("a: &anchor =one.two", "two"),
        ("a: é𝒳 two", "two"),
        ("a: |\r\n  one\r\n  two\r\n", "two"),
    ],
)
def test_a_word_inside_any_kind_of_scalar_is_found_where_it_is_written(text: str, word: str) -> None:
    where = load(text).root.at("a")
    offset = str(where.value).index(word)
    span = where.span(offset, len(word))
    line = text.replace("\r", "").split("\n")[span.line - 1]
    assert line[span.column - 1 : span.column - 1 + span.length] == word


WORDS = st.lists(st.text("abcxyz.()", min_size=1, max_size=5), min_size=1, max_size=8)


@given(WORDS, st.sampled_from(["|", "|-", ">", ">-", ">+"]), st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_every_letter_of_a_block_scalar_is_found(words: list[str], header: str, gaps: list[int]) -> None:
    body = "".join(f"  {word}\n" + "\n" * gap for word, gap in zip(words, gaps, strict=False))
    text = f"a: {header}\n{body}"
    where = load(text).root.at("a")
    lines = text.split("\n")
    for offset, char in enumerate(str(where.value)):
        if not char.isspace():
            span = where.span(offset, 1)
            assert lines[span.line - 1][span.column - 1] == char


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("null", None),
        ("~", None),
        ("12", 12),
        ("-1.5e3", -1500.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("2023-06-01", "2023-06-01"),
        ("12:30", "12:30"),
        (".inf", ".inf"),
        ("'12'", "12"),
        ("v1.10", "v1.10"),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2_that_json_has(text: str, value: object) -> None:
    assert load(f"a: {text}").data == {"a": value}
    assert type(load(f"a: {text}").root.at("a").value) is type(value)


def test_on_is_a_key_like_any_other() -> None:
    assert load("on: x").data == {"on": "x"}


def test_an_anchor_may_be_used_again() -> None:
    document = load("a: &x {b: 1}\nc: *x\n")
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert place(document.root.at("c", "b")) == (1, 11, 1)


def codes(text: str) -> list[str]:
    diagnostics = Diagnostics()
    load_document(text, "a.yaml", "user", diagnostics)
    return [item.code for item in diagnostics.items]


@pytest.mark.parametrize(
    "text",
    [
        "a: {x: =f(x, y), b: 1}",
        "a: {x: =a || b, c}",
        "a: {x: =b[0]}",
        "a: {x: =b[?c == '1']}",
        "a: [=f(x, y)]",
        "a: {x: =b == 'c, d'}",
        "a: {x: =b #c\n}",
        "a: {x: ={y: z}}",
    ],
)
def test_an_expression_that_yaml_cuts_inside_braces_is_refused(text: str) -> None:
    assert "yaml-flow-expression" in codes(text)


@pytest.mark.parametrize("text", ["a: {x: =b.c, y: =d}", "a: [=b, '=f(x, y)']", 'a: {x: "=b[0]"}', "a: {x: =f(b)}"])
def test_an_expression_that_stays_whole_inside_braces_is_taken(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize("text", ["a:\n  - =b[].{x: c}", "=f(a): 1", "a: =f(b #c)"])
def test_an_expression_that_yaml_cuts_in_lines_is_refused(text: str) -> None:
    assert "yaml-cut-expression" in codes(text)


def test_aliases_that_multiply_are_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert codes("\n".join(lines)) == ["yaml-too-big"]


@pytest.mark.parametrize("text", ["[" * 5000, "{" * 5000, "a: " + "9" * 5000, "- " * 5000, "\ufeffa: 1\n--- \nb"])
def test_hostile_text_is_reported_and_never_raises(text: str) -> None:
    assert codes(text) != []


@given(st.text("ab: -[]{}'\"|>#&*!%@`,\n\t=$\\?~0", max_size=40))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    diagnostics = Diagnostics()
    document = load_document(text, "a.yaml", "user", diagnostics)
    assert document is not None or diagnostics.failed
