"""What mappings read, held against the canonical model."""

from __future__ import annotations

import pytest
from torouter.protocol.reads import canonical_reads, unknown_path


@pytest.mark.parametrize(
    ("read", "counted"),
    [
        ("request.model", "model"),
        ("request.model.?", "model"),
        ("request.sampling", "sampling"),
        ("request.turns.*.parts.*.:text.text", "turns.*.parts.*.:text.text"),
        ("request.turns.*.parts.*.:tool_result.parts.*.:text.text", "turns.*.parts.*.:tool_result.parts"),
        ("request.metadata.trace", "metadata"),
    ],
)
def test_a_read_counts_up_to_where_the_model_ends(read: str, counted: str) -> None:
    assert canonical_reads([tuple(read.split("."))]) == {tuple(counted.split("."))}


@pytest.mark.parametrize("read", ["request.sampling.?", "request.turns.*.?", "body.model", "target.model"])
def test_asking_whether_something_above_the_leaves_is_there_reads_nothing(read: str) -> None:
    assert canonical_reads([tuple(read.split("."))]) == frozenset()


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("request.model", None),
        ("request.turns.*.parts.*.:text.text", None),
        ("request.turns.*.parts.*.kind", None),
        ("request.metadata.anything", None),
        ("body.anything", None),
        ("request.modle", '`request` has no `modle`; did you mean "model"?'),
        ("response.outputs.*.part", '`response.outputs.*` has no `part`; did you mean "parts"?'),
    ],
)
def test_a_path_that_the_model_lacks_is_told_with_what_was_meant(path: str, problem: str | None) -> None:
    assert unknown_path(tuple(path.split("."))) == problem
