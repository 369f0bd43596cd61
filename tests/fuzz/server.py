"""The real server in a loop of its own, for bytes on raw sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import AsyncExitStack

from tests.support.client import request
from tests.support.fake import FakeProvider, FakeSnapshot, FakeTarget
from tests.support.running import running

PATIENCE = 1.0
LOGS = ("sanic", "torouter", "asyncio")
SEEDS = (
    request("POST", "/sse/talk", b'{"model":"m","stream":true}'),
    request("GET", "/sse/models?key=test-key-1&a=b", None, None) + request("GET", "/healthz"),
    request("POST", "/lines/models/m:talk", b"{}", Expect="100-continue", Connection="keep-alive"),
    request("POST", "/sse/talk", None, Transfer_Encoding="chunked") + b'b\r\n{"model":1}\r\n0\r\n\r\n',
)


class Server(logging.Handler):
    """Starts with the first bytes that it is given; what it logs as an error is a fault."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack = AsyncExitStack()
        self._said: list[str] = []
        self._port = 0

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())

    def run(self, data: bytes) -> None:
        """Send bytes on a connection of their own, and wait for the server to end it."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            for name in LOGS:
                logging.getLogger(name).addHandler(self)
            snapshot = FakeSnapshot({"m": [FakeTarget(FakeProvider("http://127.0.0.1:1"))]})
            self._port = self._loop.run_until_complete(self._stack.enter_async_context(running(snapshot))).port
        self._loop.run_until_complete(self._send(data))
        said, self._said = self._said, []
        assert said == [], said

    async def _send(self, data: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            with contextlib.suppress(ConnectionError):
                writer.write(data)
                writer.write_eof()
                async with asyncio.timeout(PATIENCE):
                    while await reader.read(65536):
                        pass
        finally:
            writer.transport.abort()

    def close(self) -> None:
        """Stop; the next bytes start it anew."""
        if self._loop is None:
            return
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()
        for name in LOGS:
            logging.getLogger(name).removeHandler(self)
        self._loop = None


SERVER = Server()
