"""The payloads sent through real proxies: the gateway serves no request that the proxy in front did not forward.

Run by `make smuggling`. Each proxy marks every request that it forwards; one that arrives without a mark was hidden.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.hostile.payloads import payloads, strictly
from tests.hostile.probe import answered
from tests.support.fake import FakeProvider, FakeSnapshot, FakeTarget
from tests.support.gateway import free_port
from tests.support.running import Running, running

MARK = b"x-forwarded-by-the-front"
TOGETHER = 10

NGINX = """
daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  upstream gateway {{ server 127.0.0.1:{back}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{front}; {lenient}
    location / {{
      proxy_pass http://gateway; proxy_http_version 1.1; proxy_request_buffering {buffering};
      proxy_set_header Connection ""; proxy_set_header X-Forwarded-By-The-Front $request_id;
    }}
  }}
}}
"""
HAPROXY = """
global
  maxconn 200
defaults
  mode http
  timeout connect 2s
  timeout client 2s
  timeout server 2s
  http-reuse always
frontend front
  bind 127.0.0.1:{front}
  {lenient}
  http-request set-header X-Forwarded-By-The-Front %[uuid]
  default_backend back
backend back
  server gateway 127.0.0.1:{back}
"""
FRONTS = {
    "nginx": ("nginx", NGINX, {"lenient": "", "buffering": "on"}),
    "nginx, streaming and lenient": ("nginx", NGINX, {"lenient": "ignore_invalid_headers off; underscores_in_headers on;", "buffering": "off"}),
    "haproxy": ("haproxy", HAPROXY, {"lenient": ""}),
    "haproxy, lenient": ("haproxy", HAPROXY, {"lenient": "option accept-invalid-http-request"}),
}


@contextlib.contextmanager
def front(program: str, text: str, back: int, options: dict[str, str]) -> Iterator[int]:
    """Run a proxy before the port `back`; its own port."""
    port = free_port()
    with TemporaryDirectory() as folder:
        config = Path(folder, "config")
        config.write_text(text.format(front=port, back=back, **options))
        command = {"nginx": ["nginx", "-p", folder, "-c", str(config)], "haproxy": ["haproxy", "-db", "-f", str(config)]}[program]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(10)
            assert process.stderr is not None
            process.stderr.close()


async def ready(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(100):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise SystemExit(f"nobody listens on {port}")


def watched(gateway: Running) -> list[bytes]:
    """The heads of all requests that get as far as the gateway's handler, as they come."""
    heads: list[bytes] = []
    handle = gateway.site.handle

    async def seeing(request: Any) -> None:
        heads.append(request.head)
        await handle(request)

    gateway.site.handle = seeing  # type: ignore[method-assign]
    return heads


async def through(name: str, tried: list[bytes]) -> int:
    """Send all payloads through one proxy, print what came of them, and count the requests that were hidden."""
    program, text, options = FRONTS[name]
    if shutil.which(program) is None:
        print(f"{name}: skipped, there is no {program} here (apt-get install {program})")
        return 0
    gate, began = asyncio.Semaphore(TOGETHER), time.monotonic()
    async with running(FakeSnapshot({"m": [FakeTarget(FakeProvider("http://127.0.0.1:1"))]})) as gateway:
        heads = watched(gateway)
        with front(program, text, gateway.port, options) as port:
            await ready(port)

            async def send(payload: bytes) -> tuple[int, bool]:
                async with gate:
                    return await answered(port, payload)

            found = await asyncio.gather(*map(send, tried))
    marks = Counter(line.split(b":", 1)[1].strip() for head in heads for line in head.split(b"\r\n") if line.lower().startswith(MARK))
    hidden = len(heads) - len(marks)
    beyond = sum(count > len(strictly(payload)) for payload, (count, _) in zip(tried, found, strict=True))
    print(
        f"{name}: {len(tried)} payloads in {time.monotonic() - began:.1f} s; the gateway served {len(heads)} requests, "
        f"{len(marks)} of them marked, {hidden} hidden; payloads for which the proxy itself served more than a strict reader: {beyond}"
    )
    return hidden


async def main() -> int:
    """Try every proxy; the exit status says whether anything was hidden."""
    tried = sorted(set(payloads()))
    return 1 if sum([await through(name, tried) for name in FRONTS]) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
