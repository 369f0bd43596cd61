"""Every case beside the shipped transforms holds, and says why it is there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest
from torouter.cases import Case, check_case, load_cases
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import WireProtocol

from tests.support.shipped import shipped


@cache
def protocols() -> Mapping[str, WireProtocol]:
    """The shipped protocols and dialects by name."""
    _, snapshot = shipped()
    return {**snapshot.protocols, **snapshot.dialects}


@cache
def cases() -> tuple[Case, ...]:
    """Every shipped case."""
    diagnostics = Diagnostics()
    found = load_cases(None, protocols(), diagnostics)
    assert diagnostics.items == [], render_terminal(diagnostics)
    return tuple(found)


def parameters() -> list[object]:
    """Every case under the name by which `torouter test` knows it."""
    return [pytest.param(case, id=f"{case.file.removeprefix('transforms/')}: {case.name}") for case in cases()]


@pytest.mark.parametrize("case", parameters())
def test_case(case: Case) -> None:
    differences = check_case(case, protocols())
    assert not differences, "\n".join((f"{case.place}: {case.name}", *map(str, differences)))
