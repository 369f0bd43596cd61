"""Whoever is compared is measured in turns, so that all of them meet the same seconds of the machine."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bench import load, measure
from bench.run import SHORTEST, TURNS, Bench
from bench.work import CHAT, JSON, Work

WORK = Work(JSON, CHAT, CHAT)


@dataclass(frozen=True)
class Target:
    name: str


@dataclass(frozen=True)
class Running:
    target: Target


def bench(monkeypatch: pytest.MonkeyPatch, counts: dict[str, int], *, fails: str = "") -> tuple[Bench, list[tuple[str, int]]]:
    """One round in which each turn costs its number in the round; and who was asked how often."""
    asked: list[tuple[str, int]] = []

    def cost(target: Running, work: Work, count: int) -> float:
        if target.target.name == fails:
            raise load.WrongAnswer("no")
        asked.append((target.target.name, count))
        return float(len([name for name, _ in asked if name == target.target.name]))

    monkeypatch.setattr(measure, "cost", cost)
    monkeypatch.setattr(measure, "pause", lambda *_: 0.0)
    monkeypatch.setattr("bench.run._first", lambda _: WORK)
    made = Bench(counts={(WORK, name): count for name, count in counts.items()})
    made.round([Running(Target(name)) for name in counts], [WORK])  # type: ignore[arg-type, misc]
    return made, asked


def test_a_measurement_is_the_mean_of_turns_that_alternate(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = bench(monkeypatch, {"floor": 800, "ours": 400})
    assert asked == [("floor", 800 // TURNS), ("ours", 400 // TURNS)] * TURNS
    assert made.costs[WORK, "ours"] == [sum(range(1, TURNS + 1)) / TURNS]


def test_what_takes_long_is_asked_in_fewer_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    _, asked = bench(monkeypatch, {"slow": 2, "middle": 2 * SHORTEST})
    assert asked == [("slow", 2), ("middle", SHORTEST), ("middle", SHORTEST)]


def test_who_answers_wrongly_has_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = bench(monkeypatch, {"bad": 800, "ours": 10}, fails="bad")
    assert (list(made.costs), made.faults) == ([(WORK, "ours")], [f"bad, {WORK.name}: no"] * TURNS)
