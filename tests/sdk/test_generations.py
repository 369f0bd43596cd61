"""The locks hold two generations of each official library."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.corpus import PROJECT

PYTHON = ["openai", "anthropic", "google-genai"]
NODE = ["openai", "@anthropic-ai/sdk", "@google/genai"]


def locked(lock: Path) -> dict[str, int]:
    """The major version of each package in a lock of pip or of npm."""
    if lock.suffix == ".json":
        packages = json.loads(lock.read_bytes())["packages"]
        found = {name.removeprefix("node_modules/"): package.get("version", "0") for name, package in packages.items()}
    else:
        found = dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE))
    return {name: int(version.partition(".")[0]) for name, version in found.items()}


@pytest.mark.parametrize("library", PYTHON)
def test_the_previous_python_library_is_one_generation_older(library: str) -> None:
    newest, previous = locked(PROJECT / "requirements" / "dev.txt"), locked(PROJECT / "requirements" / "previous.txt")
    assert previous[library] == newest[library] - 1


@pytest.mark.parametrize("library", NODE)
def test_the_previous_node_library_is_one_generation_older(library: str) -> None:
    node = PROJECT / "tests" / "node"
    newest, previous = locked(node / "package-lock.json"), locked(node / "previous" / "package-lock.json")
    assert previous[library] == newest[library] - 1
