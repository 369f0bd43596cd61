"""What the product's pages show runs with only address and key changed: curl, Python, Node; below / and below /api."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.corpus import PROJECT, required
from tests.support.gateway import Gateway

pytestmark = pytest.mark.sdk

NODE = PROJECT / "tests" / "node"
SNIPPETS = PROJECT / "tests" / "sdk" / "snippets"
MOUNTS = ["", "/api"]


def show(command: list[str], gateway: Gateway, mount: str) -> str:
    """Run a snippet; what it prints."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_")) and not k.lower().endswith("_proxy")}
    env = {**clean, "TOROUTER_URL": gateway.url + mount, "TOROUTER_KEY": gateway.key}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("snippet", sorted(SNIPPETS.glob("*.py")), ids=lambda path: path.stem)
def test_python(snippet: Path, mount: str, sandbox: Gateway) -> None:
    assert show([sys.executable, str(snippet)], sandbox, mount).strip()


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("snippet", sorted(SNIPPETS.glob("*.sh")), ids=lambda path: path.stem)
def test_curl(snippet: Path, mount: str, sandbox: Gateway) -> None:
    assert show(["bash", "-euo", "pipefail", str(snippet)], sandbox, mount).strip()


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("snippet", sorted(NODE.glob("*.mjs")), ids=lambda path: path.stem)
def test_node(snippet: Path, mount: str, sandbox: Gateway) -> None:
    node = shutil.which("node")
    required("Node", node is not None, "no Node on this machine")
    required("the Node libraries", (NODE / "node_modules").is_dir(), "no tests/node/node_modules: run `npm ci` there")
    assert show([node or "node", str(snippet)], sandbox, mount).strip()

