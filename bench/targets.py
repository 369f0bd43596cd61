"""Who is measured: read from `targets.yaml`, started, asked until the first right answer, and stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from ruamel.yaml import YAML

from . import load, tree
from .work import Work

FILE = Path(__file__).with_name("targets.yaml")
PATIENCE = 60.0
BYTECODE = Path(tempfile.gettempdir(), f"torouter-bench-{os.getuid()}")


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of the file; what its members mean stands there."""

    name: str
    model: str
    does: str | Mapping[str, str | Sequence[str]]
    command: Sequence[str] = ()
    needs: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    headers_to: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    peer: bool = False
    patience: float = PATIENCE

    def reaches(self, work: Work) -> bool:
        """Whether it can be asked to do this."""
        if self.does == "same":
            return work.same
        if isinstance(self.does, str):
            return True
        upstreams = self.does.get(work.client, ())
        return upstreams == "all" or work.upstream in upstreams

    @property
    def missing(self) -> str:
        """The first file that it needs and that is not there."""
        return next((name for name in self.needs if not Path(name).exists()), "")


@dataclass(frozen=True, slots=True)
class Running:
    """A target that answers; `cold` and `cold_cpu` are the seconds from its start to its first right answer."""

    target: Target
    port: int
    upstream: int
    pid: int
    cold: float
    cold_cpu: float

    def request(self, work: Work) -> bytes:
        """The bytes of a request for this work."""
        return request(self.target, work, self.upstream)


def request(target: Target, work: Work, upstream: int) -> bytes:
    """The bytes of a request to a target for some work."""
    model = target.model.format(pace=work.pace, to=work.upstream)
    extra = {name: value.format(upstream=upstream) for name, value in target.headers_to.get(work.upstream, {}).items()}
    return load.post(work.path, {**target.headers, **extra}, work.body(model))


def read() -> Sequence[Target]:
    """All targets of the file."""
    entries: Mapping[str, Any] = YAML(typ="safe", pure=True).load(FILE.read_text())
    return [Target(name, **entry) for name, entry in entries.items()]


def free_port() -> int:
    """A port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """A program that runs as long as it is needed; gives its process id.

    Python keeps the bytecode of a program's first start, as it is after an installation, whatever is set here.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**kept, "PYTHONPYCACHEPREFIX": str(BYTECODE), **(environment or {})},
        )
        try:
            yield started.pid
        except BaseException:
            said.seek(0)
            sys.stderr.write(said.read()[-3000:].decode(errors="replace"))
            raise
        finally:
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def provider(port: int) -> list[str]:
    """The command of the canned provider."""
    return [sys.executable, "-m", "bench.upstream", str(port)]


@contextmanager
def running(target: Target, upstream: int, upstream_pid: int, first: Work, folder: Path) -> Iterator[Running]:
    """Start a target in a folder and wait for its first right answer. Raises TimeoutError when none comes."""
    if not target.command:
        yield Running(target, upstream, upstream, upstream_pid, 0.0, 0.0)
        return
    port = free_port()
    given = {"port": port, "upstream": upstream, "folder": folder, "python": sys.executable}
    for name, text in target.files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.format(**given))
    command = [part.format(**given) for part in target.command]
    environment = {name: value.format(**given) for name, value in target.environment.items()}
    began = time.perf_counter()
    with process(command, environment) as pid:
        wait(port, first, request(target, first, upstream), target.patience)
        yield Running(target, port, upstream, pid, time.perf_counter() - began, tree.cpu(pid))


def wait(port: int, work: Work, request: bytes, patience: float) -> None:
    """Ask until a right answer comes. Raises TimeoutError with what came instead."""
    end = time.monotonic() + patience
    while True:
        try:
            uvloop.run(load.run(port, request, work.wrong, connections=1, count=1))
        except (OSError, load.WrongAnswer) as fault:
            if time.monotonic() > end:
                raise TimeoutError(str(fault)) from fault
            time.sleep(0.02)
        else:
            return
