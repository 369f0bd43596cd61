"""Every known hazard is shown to be avoided by a case or a test, or it is said why not yet."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.protocols.test_cases import cases
from tests.support.corpus import PROJECT, required

LIST = PROJECT.parent / "shared" / "reference" / "hazards.md"


@cache
def beside() -> dict[str, dict[str, str]]:
    """What no case shows, by where it is shown or why it is not."""
    data: Any = YAML(typ="safe", pure=True).load(Path(__file__).with_name("hazards.yaml"))
    return dict(data)


def shown() -> set[str]:
    """The hazards that the cases cover."""
    return {hazard for case in cases() for hazard in case.hazards}


def known() -> set[str]:
    """The ids of the list of hazards, which lies beside the project."""
    required("the list of hazards", LIST.is_file(), f"no list of hazards at {LIST}")
    return set(re.findall(r"^#### (H\d{3}) ", LIST.read_text("utf-8"), re.MULTILINE))


def test_every_hazard_is_accounted_for() -> None:
    accounted = shown() | beside()["elsewhere"].keys() | beside()["later"].keys()
    assert sorted(known() - accounted) == []


def test_no_case_covers_a_hazard_that_is_not_known() -> None:
    assert sorted(shown() - known()) == []


def test_what_is_shown_is_not_excused() -> None:
    said = beside()
    assert sorted(shown() & (said["elsewhere"].keys() | said["later"].keys())) == []
    assert sorted(said["elsewhere"].keys() & said["later"].keys()) == []
    assert sorted(said["partly"].keys() - shown()) == []


@pytest.mark.parametrize("place", sorted(set(beside()["elsewhere"].values())))
def test_the_test_that_shows_it_exists(place: str) -> None:
    file, _, name = place.partition("::")
    names = {node.name for node in ast.walk(ast.parse((PROJECT / file).read_text("utf-8"))) if hasattr(node, "name")}
    assert name in names
