"""What the product's pages show runs with only address and key changed: curl, Python, Node; below / and below /api.

Python and Node run it with two generations of the official libraries, each from its own lock. TOROUTER_LATEST names a
folder with others to run it with instead (`make test-latest`): `venv` and `node_modules`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.corpus import PROJECT, required
from tests.support.gateway import Gateway

pytestmark = pytest.mark.sdk

NODE = PROJECT / "tests" / "node"
SNIPPETS = PROJECT / "tests" / "sdk" / "snippets"
MOUNTS = ["", "/api"]


@dataclass(frozen=True, slots=True)
class Libraries:
    """One generation of the official libraries: the Python that has them, and the folder where Node finds them."""

    name: str
    python: Path
    modules: Path


def generations() -> list[Libraries]:
    """The newest and the previous generation, or the one of TOROUTER_LATEST."""
    if latest := os.environ.get("TOROUTER_LATEST"):
        return [Libraries("latest", Path(latest, "venv", "bin", "python"), Path(latest, "node_modules"))]
    return [
        Libraries("newest", Path(sys.executable), NODE / "node_modules"),
        Libraries("previous", PROJECT / ".venv-previous" / "bin" / "python", NODE / "previous" / "node_modules"),
    ]


with_every_generation = pytest.mark.parametrize("libraries", generations(), ids=lambda libraries: libraries.name)


def snippets(folder: Path, pattern: str) -> pytest.MarkDecorator:
    """Every snippet of a language, below every mount."""

    def both(test):
        each = pytest.mark.parametrize("snippet", sorted(folder.glob(pattern)), ids=lambda path: path.stem)
        return pytest.mark.parametrize("mount", MOUNTS)(each(test))

    return both


def show(command: list[str | Path], gateway: Gateway, mount: str) -> str:
    """Run a snippet; what it prints."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_")) and not k.lower().endswith("_proxy")}
    env = {**clean, "TOROUTER_URL": gateway.url + mount, "TOROUTER_KEY": gateway.key}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@with_every_generation
@snippets(SNIPPETS, "*.py")
def test_python(snippet: Path, mount: str, libraries: Libraries, sandbox: Gateway) -> None:
    required(f"the {libraries.name} Python libraries", libraries.python.exists(), f"no {libraries.python}: run `make previous`")
    assert show([libraries.python, snippet], sandbox, mount).strip()


@snippets(SNIPPETS, "*.sh")
def test_curl(snippet: Path, mount: str, sandbox: Gateway) -> None:
    assert show(["bash", "-euo", "pipefail", snippet], sandbox, mount).strip()


@with_every_generation
@snippets(NODE, "*.mjs")
def test_node(snippet: Path, mount: str, libraries: Libraries, sandbox: Gateway, tmp_path: Path) -> None:
    node = shutil.which("node")
    required("Node", node is not None, "no Node on this machine")
    required(f"the {libraries.name} Node libraries", libraries.modules.is_dir(), f"no {libraries.modules}: run `npm ci` beside it")
    (tmp_path / "node_modules").symlink_to(libraries.modules)      # Node looks for libraries beside the file that it runs
    assert show([node or "node", shutil.copy(snippet, tmp_path)], sandbox, mount).strip()
