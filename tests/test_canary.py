"""The canary itself: a secret that is shown makes a test fail."""

from __future__ import annotations

import pytest

from tests.conftest import pytest_runtest_makereport
from tests.support import canary


def judged(*sections: tuple[str, str], outcome: str = "passed") -> pytest.TestReport:
    """What becomes of the report of a test that has written this."""
    report = pytest.TestReport("a.py::test", ("a.py", 1, "test"), {}, outcome, None, "call", sections)  # type: ignore[arg-type]
    making = pytest_runtest_makereport()
    next(making)
    with pytest.raises(StopIteration) as made:
        making.send(report)
    return made.value.value  # type: ignore[no-any-return]


def test_a_text_with_a_secret_is_told() -> None:
    assert canary.seen(f"Bearer {canary.UPSTREAM[0]}") == [canary.UPSTREAM[0]]
    assert canary.seen(canary.CLIENT, by_client=True) == []
    with pytest.raises(AssertionError):
        canary.check(canary.CLIENT)


def test_a_test_that_shows_no_secret_stays_what_it_is() -> None:
    assert judged(("Captured stdout call", "nothing of that kind")).passed
    assert judged(("Captured log call", canary.CLIENT), outcome="failed").longrepr is None


@pytest.mark.parametrize("secret", [canary.CLIENT, *canary.UPSTREAM])
@pytest.mark.parametrize("title", ["Captured stdout call", "Captured stderr setup", "Captured log call"])
def test_a_test_that_shows_a_secret_fails(title: str, secret: str) -> None:
    report = judged(("Captured stdout call", "well"), (title, f"Bearer {secret}!"))
    assert report.failed
    assert secret in str(report.longrepr)
