"""The pages of translations say what the cases say; `pytest --bless` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from torouter.cases.render import render

from tests.protocols.test_cases import cases

PAGES = Path(__file__).parents[1] / "docs" / "translation"


def test_the_pages_of_translations_are_what_the_cases_say(request: pytest.FixtureRequest) -> None:
    pages = render(cases())
    if request.config.getoption("--bless"):
        for page in PAGES.glob("*.md"):
            page.unlink()
        for name, text in pages.items():
            (PAGES / name).write_text(text, "utf-8")
    assert {page.name: page.read_text("utf-8") for page in PAGES.glob("*.md")} == pages, "run `make translation`"
