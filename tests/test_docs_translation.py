"""The page of translations says what the cases say; `pytest --bless` writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from torouter.cases.render import render

from tests.protocols.test_cases import cases

PAGE = Path(__file__).parents[1] / "docs" / "translation.md"


def test_the_page_of_translations_is_what_the_cases_say(request: pytest.FixtureRequest) -> None:
    text = render(cases())
    if request.config.getoption("--bless"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "run `make translation`"
