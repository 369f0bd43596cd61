"""The real gateway in a process of its own, on a free port of the loopback."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from . import canary

COMMAND = Path(sys.executable).with_name("torouter")
BOOT = 30        # seconds until it must answer
STOP = 30        # seconds it has to end after SIGINT
PORTS = (20_000, 32_000)  # below those that a system gives to whoever asks for any port


@dataclass(slots=True)
class Gateway:
    """A running gateway: where it listens, what it has printed, and the key to use."""

    process: subprocess.Popen[str]
    url: str
    lines: list[str]
    folder: Path
    reader: Thread
    key: str = ""

    @property
    def printed(self) -> str:
        """Everything it has written so far, both outputs."""
        return "".join(self.lines)

    def stop(self) -> int:
        """Ask it to end as Ctrl-C does; its exit status. What it wrote has been read then."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(STOP)
            self.reader.join(STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the gateway did not stop within {STOP} s:\n{self.printed}") from None
        lines = "".join(line for line in self.lines if line.startswith("{"))
        assert not self.key or self.key not in lines, "the key of this machine is in a line of the log"
        canary.check(self.printed)
        return status


@contextmanager
def running_gateway(folder: Path, **environment: str) -> Iterator[Gateway]:
    """Start `torouter serve FOLDER`, wait until it is ready, stop it at the end."""
    port = free_port()
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.endswith("_API_KEY")}
    process = subprocess.Popen(
        [str(COMMAND), "serve", str(folder)],
        env={**clean, "HOST": "127.0.0.1", "PORT": str(port), "PYTHONUNBUFFERED": "1", **environment},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
    )
    lines: list[str] = []
    reader = Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    gateway = Gateway(process, f"http://127.0.0.1:{port}", lines, folder, reader)
    try:
        _wait(gateway)
        found = re.search(r"TOROUTER_KEY=['\"]?([^\s'\"]+)", gateway.printed)
        gateway.key = found[1] if found else ""
        yield gateway
    finally:
        gateway.stop()
        if process.stdout:
            process.stdout.close()


def free_port() -> int:
    """A port of the loopback that nobody listens on now, and that the system gives to nobody by itself."""
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _wait(gateway: Gateway) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(BOOT * 10):
        if gateway.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {gateway.process.returncode}:\n{gateway.printed}")
        try:
            with direct.open(gateway.url + "/readyz", timeout=2) as answer:
                if answer.status == 200 and "export TOROUTER_URL=" in gateway.printed:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"the gateway was not ready after {BOOT} s:\n{gateway.printed}")
