"""Runs coding agents in a network that has nothing but its loopback: `unshare --net python -m tests.agents.stage FOLDER`.

Every line it reads is a run: program, protocol, task. For each it prints one line: what happened, as JSON. One gateway
serves all runs; the key of a run decides which provider its models have.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp

from torouter.compile import compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal

from tests.agents.dialects import DIALECTS
from tests.agents.models import Play
from tests.agents.programs import PROGRAMS, SILENT
from tests.agents.tasks import FILES, TASKS
from tests.support.running import running
from tests.support.scripted import Scene, Upstream

LIMIT = 90     # seconds that an agent has for its task


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run left: how the agent ended, the files it worked on, and what went over the wire."""

    status: int
    printed: str
    errors: str
    files: dict[str, str]
    refused: list[str]                     # why the model refused a request
    asides: int                            # how often it was asked something without tools
    counted: int                           # how often it was asked to count tokens
    answered: list[tuple[str, int]]        # the gateway's answers: path and status


class Answered(logging.Handler):
    """Keeps path and status of every line of the access log."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[str, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = json.loads(record.getMessage())
        self.answers.append((line["path"], line["status"]))


class Stage:
    """The model that plays, behind the gateway at `url`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.answered = Answered()
        self._play: Play | None = None

    async def answer(self, scene: Scene) -> None:
        """Give a request to the play of the run."""
        assert self._play is not None, "a request before the first run"
        await self._play(scene)

    async def run(self, name: str, protocol: str, task: str) -> Ran:
        """Let an agent do a task in folders of its own."""
        program, folder, asked = PROGRAMS[name], Path(mkdtemp(dir=self.folder)), TASKS[task]
        work, home = folder / "work", folder / "home"
        work.mkdir()
        home.mkdir()
        for file, text in FILES.items():
            (work / file).write_text(text)
        program.prepare(home, self.url)
        self.answered.answers = []
        forgives = protocol in program.forgets
        self._play = play = Play(DIALECTS[protocol], asked.steps(program, work), program.aside, forgives=forgives)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), **SILENT, **program.environment(self.url, _key(protocol))}
        with (folder / "printed").open("wb") as printed, (folder / "errors").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *program.call(asked.prompt), cwd=work, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=printed, stderr=errors
            )
            try:
                async with asyncio.timeout(LIMIT):
                    await process.wait()
            except TimeoutError:
                process.kill()
                errors.write(f"ended after {LIMIT} s".encode())
            status = await process.wait()
        files = {path.name: path.read_text() for path in work.iterdir() if path.is_file()}
        texts = [(folder / name).read_text() for name in ("printed", "errors")]
        return Ran(status, *texts, files, play.refused, play.asides, play.counted, self.answered.answers)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Stage]:
    """A gateway with the shipped providers at the address of one model that plays."""
    stage = Stage(folder)
    async with Upstream(stage.answer) as upstream:
        (folder / "routes.yaml").write_text(_routes(upstream.url))
        for dialect in DIALECTS.values():
            os.environ[f"{dialect.provider.upper()}_API_KEY"] = "sk-upstream"
        found = Diagnostics()
        snapshot = compile_project(load_project(folder, found), found)
        assert not found.failed, render_terminal(found)
        access = logging.getLogger("torouter.access")
        access.setLevel(logging.INFO)
        access.addHandler(stage.answered)
        async with running(snapshot) as gateway:
            stage.url = f"http://127.0.0.1:{gateway.port}"
            yield stage


def _key(protocol: str) -> str:
    return f"sk-agents-{protocol}"


def _routes(url: str) -> str:
    """Every program's model on every protocol, one provider for each, and for each protocol a key with its one provider."""
    moved = {name: {"extends": dialect.provider, "base_url": url, "allow_private": True} for name, dialect in DIALECTS.items()}
    moved["openai-chat"]["speaks"] = {"openai-responses": None}
    moved["openai-responses"]["speaks"] = {"openai-chat": None}
    targets = [{"provider": name, "model": dialect.model} for name, dialect in DIALECTS.items()]
    groups = {name: {"models": ["*"], "providers": [name]} for name in DIALECTS}
    keys = {name: {"group": name, "hash": "sha256:" + hashlib.sha256(_key(name).encode()).hexdigest()} for name in DIALECTS}
    models = {program.model: {"targets": targets} for program in PROGRAMS.values()}
    return json.dumps({"providers": moved, "models": models, "groups": groups, "keys": keys}, indent=1)


async def main(folder: Path) -> None:
    """Do what is asked for until nothing more comes."""
    async with opened(folder) as stage:
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(asdict(await stage.run(*json.loads(line)))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
