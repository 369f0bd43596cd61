"""The tables of the report."""

from __future__ import annotations

from bench import report
from bench.figures import Figure
from bench.work import BURST, CHAT, JSON, MESSAGES, Work

SAME, TOLD = Work(JSON, CHAT, CHAT), Work(BURST, MESSAGES, CHAT)
FIGURES = {
    (SAME, "ours"): Figure([0.0002]),
    (SAME, "floor"): Figure([0.0001]),
    (SAME, "other"): Figure([0.002]),
    (TOLD, "ours"): Figure([0.000006]),
    (TOLD, "parsing floor"): Figure([0.000004]),
}


def test_costs_stand_beside_how_often_the_floors_are_in_them():
    assert list(report.costs(FIGURES, ["floor", "ours"])) == [
        "| CPU | floor | ours | ours ÷ floor | ours ÷ parsing floor |",
        "| --- | --- | --- | --- | --- |",
        "| JSON, openai-chat, same protocol, ms a request | 0.1 | 0.2 | 2.0× |  |",
        "| burst, anthropic-messages, → openai-chat, µs an event |  | 6 |  | 1.5× |",
    ]


def test_others_are_told_as_times_ours():
    assert list(report.against(FIGURES, ["other"]))[2:] == [
        "| JSON, openai-chat, same protocol | 10.0× |",
        "| burst, anthropic-messages, → openai-chat |  |",
    ]


def test_what_was_not_measured_stays_empty():
    rows = list(report.plain("memory", {"at rest": {"a": Figure([1.0])}}, ["a", "b"]))
    assert rows[2:] == ["| at rest | 1 |  |"]
