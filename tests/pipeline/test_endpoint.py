"""Paths that were matched once are remembered: as many as are bounded, and none that a client made long."""

from __future__ import annotations

import pytest
from torouter.pipeline.endpoint import Matcher
from torouter.pipeline.errors import Problem

from tests.support.fake import FakeSnapshot

SNAPSHOT = FakeSnapshot({})


def matcher() -> Matcher:
    return Matcher(SNAPSHOT.endpoints, SNAPSHOT.mounts)  # type: ignore[arg-type]


def ids(found: Matcher, raw: str) -> list[tuple[str, dict[str, str]]]:
    return [(endpoint.id, dict(values)) for endpoint, values in found.candidates(raw)[1]]


def test_a_path_means_the_same_each_time() -> None:
    paths = matcher()
    for _ in range(2):
        assert ids(paths, "/sse/talk") == [("sse", {})]
        assert ids(paths, "/api/sse/models/a%2Fb") == [("one", {"model": "a/b"})]
        assert paths.candidates("/api/sse/models/a%2Fb")[0] == "/api/sse/models/a/b"


def test_an_illegal_path_is_one_each_time() -> None:
    paths = matcher()
    for _ in range(2):
        with pytest.raises(Problem):
            paths.candidates("/sse/../talk")


def test_names_that_clients_make_up_do_not_fill_the_memory() -> None:
    paths = matcher()
    for number in range(3000):
        assert ids(paths, f"/sse/models/m{number}") == [("one", {"model": f"m{number}"})]
        assert len(paths.remembered) <= 1024
    assert ids(paths, "/sse/models/m0") == [("one", {"model": "m0"})]


def test_what_is_long_or_no_endpoint_is_not_remembered() -> None:
    paths = matcher()
    assert ids(paths, "/sse/models/" + "m" * 300) == [("one", {"model": "m" * 300})]
    assert ids(paths, "/elsewhere") == []
    assert not paths.remembered
