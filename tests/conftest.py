"""Options of all tests."""

import gc

import pytest
from torouter.compile import Snapshot
from torouter.config.load import Project

from tests.support.shipped import shipped


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="Rewrite expected texts from what the code says now.")
    parser.addoption("--mutations", type=int, default=30, help="How many edits of shipped files each operator makes.")


def pytest_collection_finish() -> None:
    """Spare the collector of garbage what stays until the end: all tests and the libraries."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def held() -> tuple[Project, Snapshot]:
    """The shipped files, read and compiled: a test that loads them meanwhile does neither again."""
    return shipped()


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether expected texts are to be rewritten instead of compared."""
    return bool(request.config.getoption("--bless"))


@pytest.fixture
def mutations(request: pytest.FixtureRequest) -> int:
    """How many edits of shipped files each operator makes."""
    return int(request.config.getoption("--mutations"))
