"""What of a request's address stands in its line: no query, for credentials are written there."""

from __future__ import annotations

import orjson
import pytest
from torouter.observe.line import line_with

from tests.support.inside import Asked


def path_of(path: str, query: str = "") -> str:
    return str(orjson.loads(line_with(Asked(b"", {}, path=path, query=query), {}))["path"])  # type: ignore[arg-type]


def test_a_path_is_written_without_its_query() -> None:
    assert path_of("/v1/models", "key=secret-key") == "/v1/models"


@pytest.mark.parametrize("path", ["/v1/models&key=secret-key", "/v1/modelskey=secret-key", "/v1/models;key=a=secret-key"])
def test_a_query_that_lacks_its_question_mark_is_cut_off_behind_its_first_name(path: str) -> None:
    assert path_of(path) == path[: path.index("=") + 1]


def test_a_long_path_is_cut() -> None:
    assert len(path_of("/" + "a" * 1000)) == 256
