"""What only single protocols say."""

from torouter.canonical.native import merge_native


def test_news_win_field_by_field():
    known, news = {"p": {"a": 1, "b": 1}}, {"p": {"b": 2}, "q": {"c": 3}}
    assert merge_native(known, news) == {"p": {"a": 1, "b": 2}, "q": {"c": 3}}
    assert known == {"p": {"a": 1, "b": 1}}


def test_nothing_and_nothing_is_nothing():
    assert merge_native(None, None) == {}
