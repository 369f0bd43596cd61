"""The first minutes with the gateway: what it prints can be pasted, its key lasts, Ctrl-C ends it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.gateway import Gateway, running_gateway

pytestmark = pytest.mark.sdk


def test_the_address_and_key_are_printed_to_be_pasted(sandbox: Gateway) -> None:
    assert re.search(rf"^export TOROUTER_URL={re.escape(sandbox.url)} TOROUTER_KEY=sk-\S+$", sandbox.printed, re.MULTILINE)


def test_every_command_that_is_printed_works(sandbox: Gateway) -> None:
    unfolded = sandbox.printed.replace("\\\n", " ")
    commands = [line.strip() for line in unfolded.splitlines() if line.strip().startswith("curl ")]
    assert len(commands) == 4, sandbox.printed  # one for each protocol of the clients
    env = {**os.environ, "TOROUTER_URL": sandbox.url, "TOROUTER_KEY": sandbox.key}
    for command in commands:
        done = subprocess.run(["bash", "-c", f"{command} --fail"], env=env, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, command + done.stdout + done.stderr
        assert done.stdout.strip()


def test_the_key_is_the_same_at_the_next_start_and_ctrl_c_ends_with_status_0(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        with running_gateway(tmp_path) as running:
            keys.append(running.key)
            assert running.stop() == 0, running.printed
    assert keys[0]
    assert keys[0] == keys[1]
