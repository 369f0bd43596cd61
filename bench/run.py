"""`make bench`: CPU of the language, and CPU of proxied requests beside a minimal relay, rounds interleaved."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median

from . import load, micro
from .upstream import EVENTS

KEY = "bench-key"
ROUNDS = 5
CONNECTIONS = 8
ROUTES = """
providers:
  upstream-chat:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    auth: none
    speaks:
      openai-chat: {{path: /v1/chat/completions}}
  upstream-messages:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    auth: none
    speaks:
      anthropic-messages: {{path: /v1/messages}}
models:
  to-chat:
    targets:
      - {{provider: upstream-chat}}
  to-messages:
    targets:
      - {{provider: upstream-messages}}
groups:
  bench:
    models: ["*"]
    providers: ["*"]
keys:
  bench:
    group: bench
    hash: sha256:{hash}
"""
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


@dataclass(frozen=True)
class Work:
    """One kind of request; `floor` says that the relay does it too."""

    name: str
    path: str
    model: str
    stream: bool
    count: int
    floor: bool

    def request(self) -> bytes:
        messages = [{"role": "user", "content": "What is the capital of France?"}]
        body = {"model": self.model, "max_tokens": 100, "messages": messages, "stream": self.stream}
        return load.post(self.path, json.dumps(body).encode(), KEY)


WORK = (
    Work("JSON, openai-chat, same protocol", CHAT, "to-chat", stream=False, count=150, floor=True),
    Work("JSON, anthropic-messages → openai-chat", MESSAGES, "to-chat", stream=False, count=150, floor=False),
    Work("JSON, openai-chat → anthropic-messages", CHAT, "to-messages", stream=False, count=150, floor=False),
    Work("SSE of 200, openai-chat, same protocol", CHAT, "to-chat", stream=True, count=30, floor=True),
    Work("SSE of 200, anthropic-messages → openai-chat", MESSAGES, "to-chat", stream=True, count=15, floor=False),
    Work("SSE of 200, openai-chat → anthropic-messages", CHAT, "to-messages", stream=True, count=15, floor=False),
)


def free_port() -> int:
    """A port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(*command: str, port: int, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """A program that listens on a port; gives its process id."""
    started = subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    try:
        _wait_for(port)
        yield started.pid
    finally:
        started.terminate()
        started.wait(20)


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on {port}")


def cpu_of_tree(pid: int) -> float:
    """CPU seconds of a process and all that it started."""
    children: dict[int, list[int]] = {}
    times: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        times[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    total, waiting = 0.0, [pid]
    while waiting:
        current = waiting.pop()
        total += times.get(current, 0.0)
        waiting += children.get(current, [])
    return total


def measure(port: int, pid: int, work: Work) -> float:
    """CPU milliseconds that one request costs."""
    request = work.request()
    before = cpu_of_tree(pid)
    asyncio.run(load.run(port, request, connections=CONNECTIONS, count=work.count))
    return (cpu_of_tree(pid) - before) / (CONNECTIONS * work.count) * 1e3


def proxied() -> str:
    """A table in Markdown: milliseconds of CPU for each request, ours beside the relay's."""
    upstream, ours, floor = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        routes = ROUTES.format(port=upstream, hash=sha256(KEY.encode()).hexdigest())
        Path(folder, "bench.yaml").write_text(routes)
        stack.enter_context(process("-m", "bench.upstream", str(upstream), port=upstream))
        relay = stack.enter_context(
            process("-m", "bench.relay", str(floor), f"http://127.0.0.1:{upstream}", port=floor)
        )
        gateway = stack.enter_context(
            process("-m", "torouter", "serve", folder, "--workers", "1", "--port", str(ours), port=ours)
        )
        figures: dict[str, list[tuple[float, float]]] = {work.name: [] for work in WORK}
        for number in range(ROUNDS + 1):
            for work in WORK:
                cost = measure(ours, gateway, work), measure(floor, relay, work) if work.floor else 0.0
                if number:  # the first round warms up
                    figures[work.name].append(cost)
    return "\n".join(_table(figures))


def _table(figures: Mapping[str, list[tuple[float, float]]]) -> Iterator[str]:
    yield "| CPU, ms a request | ours, median (range) | relay, median (range) | ratio |"
    yield "|---|---|---|---|"
    relays = {work.stream: figures[work.name] for work in WORK if work.floor}
    for work in WORK:
        mine = [cost for cost, _ in figures[work.name]]
        theirs = [cost for _, cost in relays[work.stream]]
        ratio = median(mine) / median(theirs)
        yield f"| {work.name} | {_shown(mine)} | {_shown(theirs)} | {ratio:.1f} |"
    for work in WORK:
        if work.stream:
            mine = [cost * 1000 / EVENTS for cost, _ in figures[work.name]]
            theirs = [cost * 1000 / EVENTS for _, cost in relays[True]]
            yield f"| … µs an event: {work.name} | {_shown(mine)} | {_shown(theirs)} | |"


def _shown(values: list[float]) -> str:
    return f"{median(values):.3f} ({min(values):.3f}-{max(values):.3f})"


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores; load and servers share them\n")
    print(micro.report(), end="\n\n", flush=True)
    print(proxied())
