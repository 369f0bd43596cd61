"""Options of all tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="Rewrite expected texts from what the code says now.")
    parser.addoption("--mutations", type=int, default=30, help="How many edits of shipped files each operator makes.")


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether expected texts are to be rewritten instead of compared."""
    return bool(request.config.getoption("--bless"))


@pytest.fixture
def mutations(request: pytest.FixtureRequest) -> int:
    """How many edits of shipped files each operator makes."""
    return int(request.config.getoption("--mutations"))
