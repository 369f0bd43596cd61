"""The coding agents: how each is called without a person before it, and what its tools are called."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.script import Call, Json, Step
from tests.support.corpus import PROJECT

FOLDER = PROJECT / "tests" / "node" / "agents"
PROGRAMS_FOLDER = FOLDER / "node_modules" / ".bin"

BEFORE = {"menu.txt": "soup\nfish\n", "prices.txt": "soup 4\nfish 9\n"}
AFTER = {**BEFORE, "menu.txt": "soup\ncake\n"}
TASK = "Read menu.txt and prices.txt, then replace the fish by cake in menu.txt."
DONE = "The menu has cake now."

SILENT = {"LANG": "C.UTF-8", "TERM": "dumb", "NO_BROWSER": "true", "NO_COLOR": "1"}
GEMINI_SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
}


@dataclass(frozen=True, slots=True)
class Program:
    """One coding agent; `read` and `edit` make the arguments of its tools of these names."""

    model: str
    command: tuple[str, ...]               # what comes before the task
    options: tuple[str, ...]               # and after it
    read_tool: str
    edit_tool: str
    environment: Callable[[str, str], dict[str, str]]     # from the address and the key
    settings: dict[str, Json]              # files that it wants in its home
    extra: Json                            # arguments of an edit that only it has
    forgets: frozenset[str] = frozenset()  # protocols whose signed thoughts it leaves out of the history

    def call(self, task: str) -> list[str]:
        """The command line for one task."""
        return [str(PROGRAMS_FOLDER / self.command[0]), *self.command[1:], task, *self.options]

    def steps(self, folder: Path) -> tuple[Step, ...]:
        """What the model says: two readings at once, an edit, a last word."""
        menu = str(folder / "menu.txt")
        change = {"file_path": menu, "old_string": "fish", "new_string": "cake", **self.extra}
        reads = tuple(Call(f"call_{name[:4]}", self.read_tool, {"file_path": str(folder / name)}, text.split()[-1]) for name, text in BEFORE.items())
        return (
            Step(0, thought="Both files first.", text="I read both files.", calls=reads, signatures=("c2lnbmVkIDA=", "")),
            Step(1, thought="Now the edit.", calls=(Call("call_edit", self.edit_tool, change, "menu.txt"),), signatures=("c2lnbmVkIDE=", "")),
            Step(2, text=DONE),
        )

    def prepare(self, home: Path) -> None:
        """Write its settings."""
        for name, content in self.settings.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(json.dumps(content))


def _claude(url: str, key: str) -> dict[str, str]:
    switches = ("DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": key, **dict.fromkeys(switches, "1")}


def _gemini(url: str, key: str) -> dict[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": key, "GEMINI_CLI_TRUST_WORKSPACE": "true"}


PROGRAMS = {
    "claude-code": Program(
        model="claude-opus-4-7",
        command=("claude", "-p"),
        options=("--model", "claude-opus-4-7", "--permission-mode", "acceptEdits"),
        read_tool="Read",
        edit_tool="Edit",
        environment=_claude,
        settings={},
        extra={"replace_all": False},
    ),
    "gemini-cli": Program(
        model="gemini-3-flash-preview",
        command=("gemini", "-p"),
        options=("-m", "gemini-3-flash-preview", "--yolo"),
        read_tool="read_file",
        edit_tool="replace",
        environment=_gemini,
        settings={".gemini/settings.json": GEMINI_SETTINGS},
        extra={"instruction": "Replace fish by cake."},
        # It keeps the signature of a call, and no thoughts; there the signature is that of the thought.
        forgets=frozenset({"anthropic-messages"}),
    ),
}
