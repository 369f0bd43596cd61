"""Two gateways for all library tests: one as a stranger starts it, one before an upstream that fails on demand."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from tests.support.gateway import Gateway, running_gateway
from tests.support.upstream import Reply, upstream

KEY = "sk-library-tests"

CHAT_CHUNK = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
MESSAGE_START = {
    "type": "message_start",
    "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 1},
    },
}
MESSAGES_BEGINNING = [
    MESSAGE_START,
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
]
MESSAGES_CHUNK = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in MESSAGES_BEGINNING)

CHAT_LIMIT = {"error": {"message": "Slow down.", "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}}
MESSAGES_LIMIT = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}

REPLIES = {
    "openai-chat-limited": Reply(json.dumps(CHAT_LIMIT).encode(), status=429, headers={"retry-after": "7"}),
    "anthropic-messages-limited": Reply(json.dumps(MESSAGES_LIMIT).encode(), status=429, headers={"retry-after": "7"}),
    "openai-chat-cut": Reply((CHAT_CHUNK * 2).encode(), "text/event-stream", cut=len(CHAT_CHUNK) + 20),
    "anthropic-messages-cut": Reply(MESSAGES_CHUNK.encode() + b"event: cont", "text/event-stream", cut=len(MESSAGES_CHUNK) + 8),
    "openai-chat-short": Reply((CHAT_CHUNK * 2).encode(), "text/event-stream"),
    "anthropic-messages-short": Reply(MESSAGES_CHUNK.encode(), "text/event-stream"),
}


@contextmanager
def failing_upstream() -> Iterator[str]:
    """The upstream in a thread of its own; gives its address."""
    address: list[str] = []
    ready = Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with upstream(REPLIES.__getitem__) as running:
            address.append(running.url)
            ready.set()
            await over.wait()

    thread = Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def routes(upstream_url: str) -> str:
    """Providers and models of the failing upstream, and a key that may use everything."""
    lines = ["providers:"]
    for protocol in ("openai-chat", "anthropic-messages"):
        lines += [
            f"  failing-{protocol}:", f"    base_url: {upstream_url}", "    allow_private: true",
            "    speaks:", f"      {protocol}: {{path: /{protocol}}}",
        ]
    lines.append("models:")
    for name in REPLIES:
        protocol = name.rpartition("-")[0]
        lines += [f"  {name}:", "    targets:", f"      - {{provider: failing-{protocol}}}"]
    lines += [
        "groups:", "  libraries:", '    models: ["*"]', '    providers: ["*"]',
        "keys:", "  libraries:", "    group: libraries", f"    hash: sha256:{hashlib.sha256(KEY.encode()).hexdigest()}",
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway as it is at the first start: nothing but what is shipped, and a key it made."""
    with running_gateway(tmp_path_factory.mktemp("nothing")) as running:
        yield running


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway before the failing upstream; `key` may use every model."""
    folder = tmp_path_factory.mktemp("user")
    with failing_upstream() as address:
        (folder / "failing.yaml").write_text(routes(address))
        with running_gateway(folder) as running:
            running.key = KEY
            yield running
