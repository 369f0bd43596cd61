"""What soak and chaos stand on: the real gateway in processes of its own, an upstream that does as a model is named."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.client import RawClient, request
from tests.support.fake import KEY
from tests.support.gateway import COMMAND, Gateway, free_port, running_gateway
from tests.support.talk import CHAT

ROUTES = """
settings: {{workers: {workers}, drain: 10s, max_connections: 20000, metrics: loopback}}
providers:
  well:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    auth: none
    timeouts: {{first_byte: 2m, idle: 10m, total: 1h, slow_reader: 5m}}
    speaks: {{openai-chat: {{path: /v1/chat/completions}}}}
  ill: {{extends: well}}
models:
  quick: {{targets: [{{provider: well, model: quick}}]}}
  live: {{targets: [{{provider: well, model: live}}]}}
  silent: {{targets: [{{provider: well, model: silent}}]}}
  half: {{targets: [{{provider: well, model: half}}]}}
  begun: {{targets: [{{provider: well, model: begun}}]}}
  endless: {{targets: [{{provider: well, model: endless}}]}}
  healed: {{targets: [{{provider: ill, model: resets}}, {{provider: well, model: quick, priority: 2}}]}}
  failing: {{targets: [{{provider: ill, model: fails}}, {{provider: ill, model: resets}}, {{provider: ill, model: nonsense}}]}}
  broken: {{targets: [{{provider: ill, model: breaks}}]}}
groups:
  all: {{models: ["*"], providers: ["*"]}}
keys:
  tests: {{group: all, hash: "sha256:{hash}"}}
"""
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n"
EVENTS = HEAD % b"text/event-stream"
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(CHAT.whole),
    CHAT.whole,
)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@dataclass
class Upstream:
    """Counts what it is asked, by model; `release` ends the live streams."""

    asked: dict[str, int] = field(default_factory=dict)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    gone: dict[str, asyncio.Future[float]] = field(default_factory=dict)  # by the id that a request names
    arrived: dict[str, asyncio.Event] = field(default_factory=dict)
    port: int = 0

    def await_end(self, id: str) -> tuple[asyncio.Event, asyncio.Future[float]]:
        """When the request with this id has arrived, and the moment in which its connection is gone."""
        self.arrived[id] = asyncio.Event()
        self.gone[id] = asyncio.get_running_loop().create_future()
        return self.arrived[id], self.gone[id]


class Connection(asyncio.Protocol):
    """One connection to the upstream."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._data = b""
        self._id = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def pause_writing(self) -> None:
        self._flows.clear()

    def resume_writing(self) -> None:
        self._flows.set()

    def connection_lost(self, exc: Exception | None) -> None:
        for task in self._tasks:
            task.cancel()
        if (gone := self._upstream.gone.pop(self._id, None)) is not None and not gone.done():
            gone.set_result(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, rest = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(rest) < length:
            return
        self._data = rest[length:]
        body = json.loads(rest[:length])
        name = body["model"]
        self._id = body.get("user", "")
        self._upstream.asked[name] = self._upstream.asked.get(name, 0) + 1
        if self._id in self._upstream.arrived:
            self._upstream.arrived.pop(self._id).set()
        if name == "quick":
            self._transport.write(self._good() if body.get("stream") else WHOLE)
            return
        task = asyncio.ensure_future(getattr(self, f"_{name}")())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _good(self) -> bytes:
        return EVENTS + chunk(CHAT.stream) + b"0\r\n\r\n"

    async def _live(self) -> None:
        """A long stream, until it is told to end."""
        self._transport.write(EVENTS + chunk(CHAT.opening))
        while not self._upstream.release.is_set():
            self._transport.write(chunk(CHAT.saying))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._upstream.release.wait(), 0.2)
        self._transport.write(chunk(CHAT.closing) + b"0\r\n\r\n")

    async def _begun(self) -> None:
        self._transport.write(EVENTS + chunk(CHAT.opening + CHAT.saying))

    async def _half(self) -> None:
        self._transport.write(WHOLE[:-40])

    async def _silent(self) -> None:
        pass

    async def _endless(self) -> None:
        self._transport.write(EVENTS + chunk(CHAT.opening))
        while True:
            await self._flows.wait()
            self._transport.write(chunk(CHAT.saying * 50))
            await asyncio.sleep(0)

    async def _fails(self) -> None:
        self._transport.write(b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n{}")

    async def _resets(self) -> None:
        self._transport.abort()

    async def _nonsense(self) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    async def _breaks(self) -> None:
        self._transport.write(EVENTS + chunk(CHAT.opening + CHAT.saying))
        await asyncio.sleep(0.02)
        self._transport.abort()


@dataclass
class World:
    """A gateway, and what stands before and behind it."""

    gateway: Gateway
    upstream: Upstream

    @property
    def port(self) -> int:
        return int(self.gateway.url.rpartition(":")[2])

    def workers(self) -> set[int]:
        """The processes below the supervisor."""
        pid = self.gateway.process.pid
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def usage(self, by: str) -> list[dict[str, Any]]:
        """What `torouter usage` says."""
        command = [str(COMMAND), "usage", str(self.gateway.folder), "--by", by, "--format", "json"]
        sums: list[dict[str, Any]] = json.loads(
            subprocess.run(command, check=True, capture_output=True, text=True).stdout
        )
        return sums

    async def running(self) -> int:
        """How many requests and streams the workers say that they answer now."""
        async with RawClient(self.port) as client:
            await client.send(request("GET", "/metrics", key=None))
            page = (await client.answer()).body.decode()
        gauges = ("torouter_requests_running ", "torouter_streams_running ")
        return sum(int(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(gauges))

    def loaded(self) -> int:
        """How often a worker has said that it took up files."""
        return self.gateway.printed.count("the files were loaded anew")


@contextmanager
def world(workers: int) -> Iterator[tuple[World, int]]:
    """Start the gateway; the upstream is started at the port by who runs the loop."""
    port = free_port()
    with TemporaryDirectory() as folder:
        text = ROUTES.format(port=port, workers=workers, hash=hashlib.sha256(KEY.encode()).hexdigest())
        (Path(folder) / "routes.yaml").write_text(text)
        with running_gateway(Path(folder)) as gateway:
            yield World(gateway, Upstream()), port


def run(part: Callable[[World], Awaitable[None]], workers: int) -> None:
    """Run one part in a world of its own."""

    async def inside(here: World, port: int) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(here.upstream), "127.0.0.1", port, backlog=4096)
        here.upstream.port = port
        try:
            await part(here)
        finally:
            server.close()

    with world(workers) as (here, port):
        asyncio.run(inside(here, port))


def asks(model: str, *, stream: bool = False, id: str = "") -> bytes:
    """A request for a model."""
    return request("POST", CHAT.path, CHAT.body(model, stream=stream, **({"user": id} if id else {})))


async def drained(client: RawClient) -> bytes:
    """The rest of a stream."""
    said = b""
    while data := await client.chunk():
        said += data
    return said


def memory(pids: set[int]) -> int:
    """What some processes hold, in KiB."""
    return sum(int(_status(pid, "VmRSS").split()[0]) for pid in pids)


def descriptors(pids: set[int]) -> int:
    """How many files some processes have open."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def _status(pid: int, name: str) -> str:
    text = Path(f"/proc/{pid}/status").read_text()
    return text.partition(f"{name}:")[2].partition("\n")[0].strip()


def share(times: list[float], part: float) -> float:
    """The time below which so many of them are, in milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1000 if times else 0.0


_BROKEN: list[str] = []


def must(holds: bool, what: str) -> None:
    """Take note of what has to hold and does not; what depends on the machine's speed is printed and not judged."""
    if not holds:
        _BROKEN.append(what)
        print(f"  DOES NOT HOLD: {what}", flush=True)


def verdict() -> int:
    """The exit status: 1 if something that must hold did not."""
    return 1 if _BROKEN else 0


def say(name: str, **figures: object) -> None:
    """Print one line of figures."""
    print(
        f"{name:<34}",
        "  ".join(
            f"{key}={value:.1f}" if isinstance(value, float) else f"{key}={value}" for key, value in figures.items()
        ),
        flush=True,
    )
