"""The recorded traffic that lies beside the project: where it is, what one exchange holds, and what to do without it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
MANDATORY = {
    "openai.chat", "openai.responses", "openrouter.chat", "deepseek.chat", "anthropic.messages", "gemini.generate", "gemini.stream",
}  # fmt: skip
PROTOCOLS = {
    "openai.chat": "openai-chat", "openai.responses": "openai-responses", "anthropic.messages": "anthropic-messages",
    "gemini.generate": "gemini-generate", "gemini.stream": "gemini-generate",
}  # fmt: skip

PLAIN = {"openai.embeddings": "openai-embeddings", "gemini.embeddings": "gemini-embeddings", "openai.images": "openai-images"}


# Which of the project's dialects a service speaks, by its host and, where one serves several vendors, the model.
SPEAKS = (
    ("openrouter.ai", "", "openrouter"), ("ai-gateway.vercel.sh", "", "openrouter"), ("api.deepseek.com", "", "deepseek"),
    ("api.mistral.ai", "", "mistral"), ("api.groq.com", "", "groq"), ("api.perplexity.ai", "", "perplexity"),
    ("api.z.ai", "", "zhipu"), ("api.x.ai", "", "xai"), (".azure.com", "grok", "xai"),
)  # fmt: skip


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer."""

    id: str
    service: str
    dialect: str
    request: dict[str, Any] | None
    response: dict[str, Any]
    features: tuple[str, ...]
    speaks: str | None = None      # the project's dialect of it, if it has one

    @property
    def protocol(self) -> str:
        """The project's name of the dialect."""
        return PROTOCOLS.get(self.dialect) or PLAIN[self.dialect]

    @property
    def mandatory(self) -> bool:
        """Whether a difference is a failure; other vendors' dialects are for information."""
        return self.service in MANDATORY

    @property
    def streamed(self) -> bool:
        """Whether the answer is a stream of events."""
        return "sse" in self.response or (self.ok and isinstance(self.response.get("body"), list))

    @property
    def ok(self) -> bool:
        """Whether the answer has a success status."""
        return 200 <= int(self.response["status"]) < 300

    @cached_property
    def payload(self) -> bytes:
        """The answer as it went over the wire."""
        if "sse" in self.response:
            return str(self.response["sse"]).encode()
        if self.streamed:      # recorded as one JSON array: its items are the events
            return "".join(f"data: {json.dumps(item, ensure_ascii=False)}\n\n" for item in self.response["body"]).encode()
        prefix = self.response.get("body_prefix", "")
        return (prefix + json.dumps(self.response["body"], ensure_ascii=False)).encode()

    @property
    def content_type(self) -> str:
        """The content type of the answer."""
        return "text/event-stream; charset=utf-8" if self.streamed else "application/json"


def root() -> Path:
    """The folder of the corpus: TOROUTER_CORPUS, or the one beside the checkout."""
    return Path(os.environ.get("TOROUTER_CORPUS") or PROJECT.parent / "shared" / "corpus")


def required(what: str, present: bool, reason: str) -> None:
    """Skip with the reason on a stranger's machine, fail where CI must have everything."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is required in CI: {reason}", pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def require() -> Path:
    """The folder of the corpus; without it the test is skipped, or fails in CI."""
    folder = root()
    required("the corpus", (folder / "exchanges").is_dir(), f"no recorded traffic at {folder} (set TOROUTER_CORPUS)")
    return folder


def exchanges(*dialects: str) -> Iterator[Exchange]:
    """Every recorded exchange of these dialects, in a stable order; a compacted history is no answer."""
    for file in sorted((root() / "exchanges").glob("*/*.json")):
        record = json.loads(file.read_bytes())
        if record["dialect"] in dialects and not (record["request"] or {}).get("path", "").endswith("/compact"):
            yield Exchange(
                record["id"], record["protocol"], record["dialect"], record["request"], record["response"],
                tuple(record["features"]), _dialect(record),
            )  # fmt: skip


def _dialect(record: dict[str, Any]) -> str | None:
    """The project's dialect that the recorded service speaks."""
    host, model = record.get("upstream_host") or "", record.get("model") or ""
    known = record["dialect"] == "openai.chat"
    return next((name for end, part, name in SPEAKS if known and host.endswith(end) and part in model), None)
