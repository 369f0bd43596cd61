"""`torouter usage`: sums of the records of this machine, for people, sheets and programs."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from torouter.cli import main
from torouter.store import UsageRecord, open_store, state_folder

DAY = 86_400.0


def record(key: str, model: str, age: float, cost: int | None) -> UsageRecord:
    currency = "USD" if cost is not None else None
    return UsageRecord(
        "req", time.time() - age, key, "team", "talk", model, "near", model, "ok", 200, False, 1, 0.5,
        input=100, cache_read=40, cache_write=0, output=20, reasoning=5, cost=cost, currency=currency,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = open_store(state_folder(tmp_path))
    records = [record("alice", "small", 60, 1_500), record("alice", "small", 2 * DAY, 500), record("bob", "large", 60, None)]
    store.add_usage([*records, record("alice", "small", 60 * DAY, 10**9)], 0.0)
    store.close()
    return tmp_path


def usage(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["usage", str(folder), *options])


def test_a_table_shows_what_each_key_used_of_each_model(folder: Path) -> None:
    head, alice, bob = usage(folder).output.splitlines()
    assert head.split()[:3] == ["key", "model", "requests"]
    assert alice.split() == ["alice", "small", "2", "0", "2", "200", "80", "0", "40", "10", "0", "0.000002", "USD"]
    assert bob.split() == ["bob", "large", "1", "0", "1", "100", "40", "0", "20", "5", "1"]


def test_costs_are_exact_text_for_programs(folder: Path) -> None:
    found = {row["key"]: row for row in json.loads(usage(folder, "--by", "key", "--format", "json", "--since", "1d").output)}
    assert found["alice"]["costs"] == {"USD": "0.0000015"}
    assert (found["bob"]["costs"], found["bob"]["unpriced"]) == ({}, 1)


def test_a_sheet_has_a_head_and_a_row_for_each_sum(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(usage(folder, "--by", "provider,group", "--format", "csv").output)))
    assert [(row["provider"], row["group"], row["requests"]) for row in rows] == [("near", "team", "3")]


def test_a_span_is_chosen_by_dates_and_durations(folder: Path) -> None:
    def requests(*options: str) -> int:
        return sum(row["requests"] for row in json.loads(usage(folder, "--by", "day", "--format", "json", *options).output))

    assert requests("--since", "1d") == 2
    assert requests("--since", "2020-01-01") == 4
    assert requests("--since", "2020-01-01", "--until", "1d") == 2


def test_what_cannot_be_read_is_said(folder: Path) -> None:
    assert "neither a date such as" in usage(folder, "--since", "yesterday").output
    assert "'planet' is none of day, key" in usage(folder, "--by", "key,planet").output


def test_without_records_nothing_is_made(tmp_path: Path) -> None:
    result = usage(tmp_path)
    assert (result.exit_code, result.output) == (0, "No requests.\n")
    assert list(tmp_path.iterdir()) == []
