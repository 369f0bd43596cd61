"""Generated code does what closures do, with all that the cases hold, and with what is damaged of it."""

from __future__ import annotations

import warnings
from copy import deepcopy
from random import Random
from typing import Any

from torouter.cases import check_case, load_cases
from torouter.compile import load_snapshot
from torouter.diagnostics import Diagnostics
from torouter.language.tiers import Run, Tier

DAMAGED = 2
INSTEAD = (None, True, 0, 1.5, "", "x", [], ["x"], {}, {"text": "x"}, {"type": "text"})


def exactly(value: Any) -> Any:
    """Give a value so that only what is the same is equal: types and the order of members count."""
    if isinstance(value, dict):
        return "object", [(name, exactly(member)) for name, member in value.items()]
    if isinstance(value, list):
        return "list", [exactly(item) for item in value]
    return type(value).__name__, value


def damaged(value: Any, random: Random) -> Any:
    """Give a copy of a document in which some things are missing or others."""
    if random.random() < 0.08:
        return random.choice(INSTEAD)
    if isinstance(value, dict):
        return {name: damaged(member, random) for name, member in value.items() if random.random() > 0.05}
    return [damaged(item, random) for item in value] if isinstance(value, list) else value


class BothWays:
    """Runs closures, and holds generated code against them; `compared` counts."""

    def __init__(self) -> None:
        self.compared = 0
        self._random = Random(7)

    def begin(self, tier: Tier, *values: Any) -> Any:
        """Make what runs in the place of a tier's closures."""
        reference, source = tier.closures(), tier.source()
        assert source is not None, "all that is shipped is written as source"
        tier.run = self._rules(reference, source) if len(values) == 2 else self._mapping(reference, source)
        return tier.run(*values)

    def _mapping(self, reference: Run, source: Run) -> Run:
        def run(values: Any) -> Any:
            for _ in range(DAMAGED):
                other = {name: damaged(value, self._random) for name, value in values.items()}
                assert exactly(source(other)) == exactly(reference(other)), other
            made = reference(values)
            assert exactly(source(values)) == exactly(made)
            self.compared += 1
            return made

        return run

    def _rules(self, reference: Run, source: Run) -> Run:
        def compare(frame: Any) -> None:
            frames, emitted = (deepcopy(frame), deepcopy(frame)), ([], [])
            reference(frames[0], emitted[0])
            source(frames[1], emitted[1])
            assert exactly([*emitted[1], frames[1][:2]]) == exactly([*emitted[0], frames[0][:2]])

        def run(frame: Any, out: Any) -> None:
            for other in (frame, *([damaged(frame[0], self._random), *frame[1:]] for _ in range(DAMAGED))):
                compare(other)
            reference(frame, out)
            self.compared += 1

        return run


def test_of_all_that_the_cases_hold_it_makes_what_closures_make(monkeypatch: Any) -> None:
    ways = BothWays()

    def begin(tier: Tier, *values: Any) -> Any:
        return ways.begin(tier, *values)

    monkeypatch.setattr(Tier, "begin", begin)
    snapshot = load_snapshot(None)
    protocols = {**snapshot.dialects, **snapshot.protocols}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cases = load_cases(None, protocols, Diagnostics())
        wrong = [case.name for case in cases if check_case(case, protocols)]
    assert wrong == []
    assert ways.compared >= len(cases)
