"""What every reader of an answer needs: the question, the way to the gateway, and what an error means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anthropic
import httpx2
import openai

from tests.fidelity.meaning import Meaning, Tool


@dataclass(frozen=True, slots=True)
class Ask:
    """A small canned request: the answer is what is measured."""

    model: str
    stream: bool
    tools: tuple[Tool, ...] = ()

    @property
    def names(self) -> list[str]:
        """The tools that the answer will call."""
        return sorted({tool.name for tool in self.tools})


@dataclass(frozen=True, slots=True)
class Door:
    """Where to send it: the address of a gateway (or of a recording) and the client that gets there."""

    url: str
    key: str
    http: httpx2.AsyncClient


Reader = Callable[[Door, Ask], Awaitable[Meaning]]
SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}


def failure(problem: Exception) -> Meaning:
    """An error that came instead of an answer or within it. A refused connection is no answer: it is raised."""
    if isinstance(problem, (openai.APIConnectionError, anthropic.APIConnectionError)):
        raise problem
    return Meaning(error=True, message=str(problem)[:300])
