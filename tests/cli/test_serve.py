"""`torouter serve` as a process: what it says, what it keeps, and how it stops."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from torouter.diagnostics import Diagnostics
from torouter.server.files import Files
from torouter.server.loading import load_known

BAD = "endpoints:\n  x:\n    match: nonsense\n"


@contextmanager
def serving(folder: Path, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A running gateway in a session of its own, and the lines of its greeting."""
    process = subprocess.Popen(
        [sys.executable, "-m", "torouter", "serve", "--workers", "1", *options],
        cwd=folder, env={**os.environ, "PORT": "0", **environment}, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("The built-in"):
                break
        yield process, lines
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()


def given(lines: list[str]) -> tuple[str, str]:
    """The address and the key of the greeting."""
    [line] = [line for line in lines if line.startswith("export ")]
    found = re.fullmatch(r"export TOROUTER_URL=(\S+) TOROUTER_KEY=(\S+)", line)
    assert found
    return found[1], found[2]


def get(url: str, key: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"}), timeout=20) as answer:
        return int(answer.status)


def test_a_first_start_needs_nothing_and_the_next_one_keeps_the_key(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, lines):
        url, key = given(lines)
        assert get(f"{url}/v1/models", key) == 200
        assert any(line.startswith("curl $TOROUTER_URL") for line in lines)
        assert any("need no provider" in line for line in lines)
    file = tmp_path / ".torouter" / "key"
    assert file.read_text().strip() == key
    assert file.stat().st_mode & 0o777 == 0o600
    with serving(tmp_path) as (_, lines):
        assert given(lines)[1] == key


def test_an_interrupt_of_the_whole_group_ends_it_cleanly_and_silently(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _):
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, serving(tmp_path, PORT=str(taken.getsockname()[1])) as (process, _):
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
        first, cure = err.splitlines()
        assert re.fullmatch(r"Error: cannot listen on 127.0.0.1 port \d+: Address already in use", first)
        assert "--port" in cure


def test_a_port_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path, "--port", "99999") as (process, _):
        _, err = process.communicate(timeout=30)
        assert process.returncode == 2
        assert "not in the range" in err


def test_a_server_on_all_interfaces_is_shown_at_an_address_that_can_be_called(tmp_path: Path) -> None:
    with serving(tmp_path, HOST="0.0.0.0") as (_, lines):
        url, key = given(lines)
        assert url.startswith("http://127.0.0.1:")
        assert get(f"{url}/v1/models", key) == 200


def test_keys_of_the_files_are_named_instead_of_a_key_of_this_machine(tmp_path: Path) -> None:
    hash = hashlib.sha256(b"secret").hexdigest()
    group = "groups:\n  team: {models: [sandbox/echo], providers: [sandbox]}\n"
    (tmp_path / "keys.yaml").write_text(f"{group}keys:\n  alice: {{group: team, hash: 'sha256:{hash}'}}\n")
    with serving(tmp_path, ".") as (_, lines):
        [line] = [line for line in lines if line.startswith("export ")]
        assert "TOROUTER_KEY" not in line
        assert get(f"{line.partition('=')[2]}/v1/models", "secret") == 200
        assert any("(alice)" in line for line in lines)
        assert "Models that need no provider: sandbox/echo" in lines
        requests = [line for line in lines if line.startswith("curl ")]
        assert requests
        assert all("sandbox/echo" in line for line in requests)
    assert not (tmp_path / ".torouter" / "key").exists()


def test_broken_files_are_shown_and_not_served(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    with serving(tmp_path, ".") as (process, _):
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "bad.yaml:3" in err


def test_workers_do_not_outlive_their_supervisor(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, lines):
        url, _ = given(lines)
        port = int(url.rpartition(":")[2])
        process.kill()
        process.wait()
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            except ConnectionRefusedError:
                break
            except ConnectionResetError:  # taken by the kernel just before the last worker let go of the socket
                continue


def test_each_request_is_one_line_of_json_on_the_error_output(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, lines):
        url, key = given(lines)
        get(f"{url}/v1/models", key)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        [line] = err.splitlines()
        assert json.loads(line)["status"] == 200
        assert key not in err


def test_files_with_a_warning_are_known_at_the_next_start_and_the_warning_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "providers:\n  near:\n    base_url: http://model.internal:8000\n    auth: none\n    speaks: {openai-chat: {path: /chat}}\n"
    )
    with serving(tmp_path, ".") as (process, _):
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert err.startswith("1 warning; ")
    monkeypatch.chdir(tmp_path)
    found = Diagnostics()
    assert load_known(Files.read(Path(), found), Path(), found) is not None
    assert [item.code for item in found.items] == ["insecure-url"]
