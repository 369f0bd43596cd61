"""Coding agents do a task through the gateway on models of every protocol; only their own loopback is within reach."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.agents.dialects import DIALECTS
from tests.agents.models import TOKENS
from tests.agents.programs import PROGRAMS, PROGRAMS_FOLDER
from tests.agents.tasks import DONE, TASKS
from tests.support.corpus import PROJECT, required

pytestmark = pytest.mark.agents

Run = Callable[..., dict[str, Any]]

ALONE = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a program with a task on a model of a protocol."""
    required("Node", shutil.which("node") is not None, "no Node on this machine")
    there = all((PROGRAMS_FOLDER / program.command[0]).exists() for program in PROGRAMS.values())
    required("the coding agents", there, "not all of them are in tests/node/agents/node_modules: run `make agents`")
    try:
        alone = subprocess.run([*ALONE, "ip", "link", "set", "lo", "up"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        alone = False
    required("a network of one's own", alone, f"`{' '.join(ALONE)}` does not work on this machine")
    inside = 'ip link set lo up && exec "$0" -m tests.agents.stage "$1"'
    command = [*ALONE, "sh", "-c", inside, sys.executable, str(tmp_path_factory.mktemp("agents"))]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stage:
        assert stage.stdin is not None
        assert stage.stdout is not None
        asked, told = stage.stdin, stage.stdout

        def one(*run: str) -> dict[str, Any]:
            print(json.dumps(run), file=asked, flush=True)
            line = told.readline()
            assert line, "the stage has ended: see its errors"
            ran: dict[str, Any] = json.loads(line)
            return ran

        yield one
        asked.close()


def has_done(task: str, ran: dict[str, Any]) -> None:
    """The agent did what it was asked for, and the model had nothing to complain about."""
    assert ran["refused"] == []
    assert ran["files"] == TASKS[task].files, ran["printed"] + ran["errors"]
    assert ran["status"] == 0, ran["printed"] + ran["errors"]
    assert DONE in ran["printed"]


@pytest.mark.parametrize("protocol", DIALECTS)
@pytest.mark.parametrize("program", ["claude-code", "codex", "gemini-cli"])
def test_does_a_task_of_thirty_answers(program: str, protocol: str, run: Run) -> None:
    ran = run(program, protocol, "edit")
    has_done("edit", ran)
    assert {status for _, status in ran["answered"]} == {200}
    assert len(ran["answered"]) - ran["asides"] == 30
    # After its thirtieth turn Gemini CLI asks, with a schema for the answer, whether it goes round in circles.
    assert ran["asides"] == (program == "gemini-cli")


@pytest.mark.parametrize("protocol", DIALECTS)
def test_codex_gets_calls_of_the_tools_in_a_namespace(protocol: str, run: Run) -> None:
    ran = run("codex-unknown-model", protocol, "agents")
    has_done("agents", ran)
    assert [status for _, status in ran["answered"]] == [200] * 3


@pytest.mark.parametrize("protocol", DIALECTS)
def test_codex_gets_calls_of_the_tools_that_stand_among_the_items(protocol: str, run: Run) -> None:
    ran = run("codex-newer-model", protocol, "code")
    has_done("code", ran)
    assert [status for _, status in ran["answered"]] == [200] * 3


@pytest.mark.parametrize("protocol", DIALECTS)
def test_claude_code_gets_calls_of_a_tool_that_it_loaded_on_the_way(protocol: str, run: Run) -> None:
    ran = run("claude-code", protocol, "late")
    has_done("late", ran)
    assert [status for _, status in ran["answered"]] == [200] * 3


def test_codex_goes_on_over_http_as_soon_as_its_websocket_is_refused(run: Run) -> None:
    ran = run("codex-built-in-provider", "anthropic-messages", "edit")
    has_done("edit", ran)
    statuses = [status for _, status in ran["answered"]]
    assert statuses[0] == 426
    assert [status for status in statuses if status != 426] == [200] * 30


@pytest.mark.parametrize("protocol", DIALECTS)
def test_claude_code_shows_its_context_with_tokens_counted_by_the_provider_or_else_estimated(protocol: str, run: Run) -> None:
    ran = run("claude-code", protocol, "context")
    assert ran["status"] == 0, ran["printed"] + ran["errors"]
    assert "Context Usage" in ran["printed"], ran["printed"]
    assert set(map(tuple, ran["answered"])) == {("/v1/messages/count_tokens", 200)}
    counts = DIALECTS[protocol].count is not None
    assert (ran["counted"] > 0) == counts
    assert (f"| Messages | {TOKENS / 1000:.1f}k |" in ran["printed"]) == counts, ran["printed"]
