"""Options of all tests."""

import gc
from collections.abc import Generator, Sequence

import pytest
from torouter.compile import Snapshot
from torouter.config.load import Project

from tests.support import canary
from tests.support.shipped import shipped

REAL = frozenset({"agents", "cli", "e2e", "faults", "hostile", "sdk", "server", "upstream"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="Rewrite expected texts from what the code says now.")
    parser.addoption("--mutations", type=int, default=30, help="How many edits of shipped files each operator makes.")


def pytest_collection_finish() -> None:
    """Spare the collector of garbage what stays until the end: all tests and the libraries."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Let what meets real processes, sockets and their clocks be asked once more before it fails; both is told."""
    for item in items:
        if REAL & set(item.path.parts):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test fail whose output or log shows a secret, whatever it was about."""
    report = yield
    shown = canary.seen("".join(text for _, text in report.sections))
    if shown and report.passed:
        report.outcome = "failed"
        report.longrepr = f"a secret is in what this test printed or logged: {shown}"
    return report


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
