"""What fuzzing once found is replayed, and a little of it is done anew: no reader fails on bytes that nobody would send."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tests.fuzz.mutate import mutated, mutated_json
from tests.fuzz.run import REGRESSIONS, fuzz
from tests.fuzz.server import SERVER
from tests.fuzz.targets import Target, targets

TARGETS = targets()
FOUND = sorted(REGRESSIONS.glob("*/*.bin"))


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """The server that some target runs ends with the tests."""
    yield
    SERVER.close()


@pytest.mark.parametrize("file", FOUND, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_what_failed_once_does_not_fail_again(file) -> None:
    TARGETS[file.parent.name].run(file.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_and_some_that_are_near_them_are_taken_or_refused(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.run(seed)
    assert fuzz(target, 0, seed=7, executions=20 if name == "project" else 60).failures == {}


def test_a_fault_is_found_and_kept_apart_from_others() -> None:
    def run(data: bytes) -> None:
        if b"\0" in data:
            raise ValueError("zero")
        if len(data) > 200:
            raise KeyError("long")

    outcome = fuzz(Target("made", run, [b"abc" * 20]), 0, seed=1, executions=2000)
    assert sorted(what.split(" in ")[0] for what in outcome.failures) == ["KeyError", "ValueError"]
    assert outcome.executions == 2000


def test_the_same_chance_makes_the_same_changes_and_leaves_the_original() -> None:
    document = {"a": [1, {"b": "c"}]}
    assert mutated(b"abc", Random(3)) == mutated(b"abc", Random(3))
    assert mutated_json(document, Random(3)) == mutated_json(document, Random(3))
    assert document == {"a": [1, {"b": "c"}]}
