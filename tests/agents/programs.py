"""The coding agents: how each is called without a person before it, and what its tools are called."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.e2e.script import Json
from tests.support.corpus import PROJECT

FOLDER = PROJECT / "tests" / "node" / "agents"
PROGRAMS_FOLDER = FOLDER / "node_modules" / ".bin"

SILENT = {"LANG": "C.UTF-8", "TERM": "dumb", "NO_BROWSER": "true", "NO_COLOR": "1"}
GEMINI_SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
}
CODEX_ANYWHERE = """
check_for_update_on_startup = false
[analytics]
enabled = false
"""
CODEX_OWN_PROVIDER = """
model_provider = "gateway"
{anywhere}
[model_providers.gateway]
name = "gateway"
base_url = "{url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
"""
CODEX_BUILT_IN_PROVIDER = """
openai_base_url = "{url}/v1"
{anywhere}
"""

Used = tuple[str, Json]      # a tool and its arguments


@dataclass(frozen=True, slots=True)
class Program:
    """One coding agent; `read` and `edit` are its tools for that, used on a file, the latter to replace a line."""

    model: str
    command: tuple[str, ...]               # what comes before the task
    options: tuple[str, ...]               # and after it
    environment: Callable[[str, str], dict[str, str]]     # from the address and the key
    settings: Callable[[str], dict[str, str]]             # files that it wants in its home, from the address
    read: Callable[[Path], Used]
    edit: Callable[[Path, str, str], Used]
    missing: str                           # what it says of a file that is not there
    aside: str = ""                        # what it is told when it asks beside the task, without its tools
    forgets: frozenset[str] = frozenset()  # protocols whose signed thoughts it leaves out of the history

    def call(self, task: str) -> list[str]:
        """The command line for one task."""
        return [str(PROGRAMS_FOLDER / self.command[0]), *self.command[1:], task, *self.options]

    def prepare(self, home: Path, url: str) -> None:
        """Write its settings."""
        for name, content in self.settings(url).items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(content)


def _claude(url: str, key: str) -> dict[str, str]:
    switches = ("DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": key, **dict.fromkeys(switches, "1")}


def _gemini(url: str, key: str) -> dict[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": key, "GEMINI_CLI_TRUST_WORKSPACE": "true"}


def _patch(file: Path, old: str, new: str) -> Used:
    return "apply_patch", {"input": f"*** Begin Patch\n*** Update File: {file.name}\n@@\n-{old}\n+{new}\n*** End Patch"}


CODEX = Program(
    model="gpt-5.5",
    command=("codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--model", "gpt-5.5"),
    options=(),
    environment=lambda _, key: {"GATEWAY_KEY": key},
    settings=lambda url: {".codex/config.toml": CODEX_OWN_PROVIDER.format(url=url, anywhere=CODEX_ANYWHERE)},
    read=lambda file: ("exec_command", {"cmd": f"cat '{file.name}'"}),
    edit=_patch,
    missing="No such file or directory",
)

PROGRAMS = {
    "claude-code": Program(
        model="claude-opus-4-7",
        command=("claude", "-p"),
        options=("--model", "claude-opus-4-7", "--permission-mode", "acceptEdits"),
        environment=_claude,
        settings=lambda _: {},
        read=lambda file: ("Read", {"file_path": str(file)}),
        edit=lambda file, old, new: ("Edit", {"file_path": str(file), "old_string": old, "new_string": new, "replace_all": False}),
        missing="File does not exist",
    ),
    "codex": CODEX,
    "gemini-cli": Program(
        model="gemini-3-flash-preview",
        command=("gemini", "-p"),
        options=("-m", "gemini-3-flash-preview", "--yolo"),
        environment=_gemini,
        settings=lambda _: {".gemini/settings.json": json.dumps(GEMINI_SETTINGS)},
        read=lambda file: ("read_file", {"file_path": str(file)}),
        edit=lambda file, old, new: ("replace", {"file_path": str(file), "old_string": old, "new_string": new, "instruction": "Replace a dish."}),
        missing="File not found",
        aside=json.dumps({"unproductive_state_analysis": "Each file is another one.", "unproductive_state_confidence": 0.1}),
        # It keeps the signature of a call, and no thoughts; there the signature is that of the thought.
        forgets=frozenset({"anthropic-messages", "openai-responses"}),
    ),
    # A model that it does not know is offered no free-text tool, and the tools of agents in a namespace.
    "codex-unknown-model": replace(CODEX, model="gpt-5", command=(*CODEX.command[:-1], "gpt-5")),
    # To newer ones it gives its tools among the items of the conversation, one of them for programs that call the others.
    "codex-newer-model": replace(CODEX, model="gpt-6.1-sol", command=(*CODEX.command[:-1], "gpt-6.1-sol")),
    # The provider that it is built for: it asks for a WebSocket first.
    "codex-built-in-provider": replace(
        CODEX,
        environment=lambda _, key: {"CODEX_API_KEY": key},
        settings=lambda url: {".codex/config.toml": CODEX_BUILT_IN_PROVIDER.format(url=url, anywhere=CODEX_ANYWHERE)},
    ),
}
