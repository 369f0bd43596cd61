"""What coding agents were recorded to send can be read, and written for every protocol so that it says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics

from tests.fidelity.requests import Accepted, Written, accepted, targets, unexplained, unused, write
from tests.support.corpus import Exchange, required, root

RECORDED = root().parent / "wire" / "cli-requests.jsonl"
ADDRESSES = {"/v1/messages": "anthropic.messages", "/v1/responses": "openai.responses", "generatecontent": "gemini.generate"}

KNOWN = [
    Accepted("openai-responses", ".*", r"tools\.function\.namespace|turns\.parts\.tool_(call|result)\.(name|namespace)", False,
             "Nobody else has namespaces; a name begins with that of its own."),
    Accepted("openai-responses", "anthropic-messages|gemini-generate", r"turns\.parts\.tool_(call|result)\.(arguments|custom)", False,
             "Where no tool takes free text, it is the one argument of a function."),
    Accepted("anthropic-messages", "openai-.*", "user_id", False, "What is longer than they take is a digest of it."),
    Accepted("anthropic-messages", "gemini-generate", r"turns\.role", False, "The system says nothing there once the user has begun; the text is the user's."),
]  # fmt: skip

pytestmark = pytest.mark.corpus


@pytest.fixture(autouse=True)
def _recorded() -> None:
    required("what coding agents sent", RECORDED.is_file(), f"no recorded requests at {RECORDED} (set TOROUTER_CORPUS)")


def recorded() -> Iterator[Exchange]:
    """Every request for an answer; tokens are counted and models listed at other addresses."""
    for line in RECORDED.read_text().splitlines():
        record: dict[str, Any] = json.loads(line)
        path, _, _ = record["request"].split(" ")[1].partition("?")
        dialect = next((name for end, name in ADDRESSES.items() if path.lower().endswith(end)), None)
        if dialect and record["body"]:
            request = {"headers": record["headers"], "query": {}, "body": record["body"]}
            yield Exchange(f"{record['call']}.{record['n']}", "agents", dialect, request, {"status": 200}, ())


@cache
def written() -> list[Written]:
    return [write(exchange, target) for exchange in recorded() for target in targets(exchange)]


def test_every_agent_was_recorded() -> None:
    assert {one.dialect for one in recorded()} == set(ADDRESSES.values())
    assert len(written()) == 4 * 30


def test_requests_fit_the_inventory_and_say_the_same() -> None:
    assert unexplained(written(), [*accepted(), *KNOWN]) == []


def test_every_known_difference_is_still_there() -> None:
    assert unused(written(), KNOWN) == []


def test_only_a_request_that_is_nothing_but_a_search_by_its_vendor_is_refused_by_the_others() -> None:
    assert {(one.exchange.id, one.refused) for one in written() if one.refused} == {("gemini_tool_websearch.2", "tools")}


def test_the_catalog_has_every_model_that_an_agent_asked_for() -> None:
    found = Diagnostics()
    catalog = compile_project(load_project(None, found), found)
    records = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    asked = {record["body"]["model"] for record in records if "model" in (record["body"] or {})}
    asked |= {name for record in records for name in re.findall(r"/models/([^/:]+):", record["request"])}
    assert len(asked) > 5
    assert [name for name in sorted(asked) if catalog.find(name) is None] == []
