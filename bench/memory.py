"""`make memory`: what one worker takes while many large forms pass through it at once, beside what it has at rest."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from . import tree
from .targets import free_port, process

KEY = "bench-key"
FORMS = 50
SIZE = 20 * 1024 * 1024
PIECE = 64 * 1024
BOUNDARY = "bench-boundary-7d9f"
ANSWER = b'{"created":1,"data":[{"b64_json":"aGk="}]}'
ROUTES = """
settings: {{body_timeout: 10m}}
providers:
  upstream:
    base_url: http://127.0.0.1:{port}
    allow_private: true
    auth: none
    timeouts: {{first_byte: 10m, total: 20m}}
    speaks:
      openai-images: {{path: /v1/images/edits}}
models:
  to-images: {{targets: [{{provider: upstream, model: theirs}}]}}
groups:
  bench: {{models: ["*"], providers: ["*"]}}
keys:
  bench: {{group: bench, hash: "sha256:{hash}"}}
"""


@dataclass(frozen=True)
class Work:
    """One way of writing a form: whether the model's name comes behind the file."""

    name: str
    late: bool

    def around(self) -> tuple[bytes, bytes]:
        """What stands before and behind the bytes of the file."""
        field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="model"\r\n\r\nto-images\r\n'
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
        end = f"\r\n--{BOUNDARY}--\r\n"
        before, behind = (head, f"\r\n{field.rstrip()}{end}") if self.late else (field + head, end)
        return before.encode(), behind.encode()


WORK = (
    Work("model first: passed on as it arrives", late=False),
    Work("model last: kept on disk until then", late=True),
)


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An upstream that reads forms, slower than they could come, and answers each."""
    head = await reader.readuntil(b"\r\n\r\n")
    [line] = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    left = int(line.partition(b":")[2])
    while left:
        left -= len(await reader.read(min(left, PIECE)))
        await asyncio.sleep(0)
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER
    )
    await writer.drain()
    writer.close()


async def edit(port: int, work: Work) -> bool:
    """Send one form; whether it was answered."""
    before, behind = work.around()
    length = len(before) + SIZE + len(behind)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"POST /v1/images/edits HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n".encode()
        + before
    )
    piece = os.urandom(PIECE)
    for _ in range(SIZE // PIECE):
        writer.write(piece)
        await writer.drain()
    writer.write(behind)
    await writer.drain()
    status = await reader.readline()
    await reader.readuntil(ANSWER) if b" 200 " in status else None
    writer.close()
    return b" 200 " in status


async def first(port: int, work: Work) -> None:
    """Send forms until one is answered. Raises OSError after a while."""
    for _ in range(600):
        try:
            await edit(port, work)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return
    raise OSError("nobody answers")


async def watch(pid: int, seen: list[float]) -> None:
    """Look at the memory again and again: pages that processes share count once."""
    while True:
        seen.append(tree.memory(pid)[0])
        await asyncio.sleep(0.05)


async def measure(port: int, pid: int, work: Work) -> None:
    """Send all forms at once and print what they took."""
    idle, _ = tree.memory(pid)
    seen, began = [idle], time.perf_counter()
    watching = asyncio.create_task(watch(pid, seen))
    answered = sum(await asyncio.gather(*(edit(port, work) for _ in range(FORMS))))
    watching.cancel()
    seconds = time.perf_counter() - began
    print(
        f"{work.name}: {answered} of {FORMS} forms of {SIZE // 1024**2} MiB answered in {seconds:.1f} s; "
        f"at rest {idle:.0f} MiB, at most {max(seen):.0f} MiB: {max(seen) - idle:.0f} MiB more"
    )
    assert answered == FORMS


def configure(folder: Path, port: int) -> None:
    """Write the routes to an upstream on this port."""
    (folder / "bench.yaml").write_text(ROUTES.format(port=port, hash=sha256(KEY.encode()).hexdigest()))


async def run() -> None:
    """Measure each kind of form on a gateway of its own."""
    port = free_port()
    server = await asyncio.start_server(swallow, "127.0.0.1", port, limit=PIECE)
    for work in WORK:
        with tempfile.TemporaryDirectory() as folder:
            configure(Path(folder), port)
            own = free_port()
            command = (sys.executable, "-m", "torouter", "serve", folder, "--workers", "1", "--port", str(own))
            with process(command) as pid:
                await first(own, work)  # the first request compiles what later ones find
                await measure(own, pid, work)
    server.close()


if __name__ == "__main__":
    asyncio.run(run())
