"""Playing scripts: a canonical request in, canonical decoder events out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..language.functions.ids import derive
from ..language.functions.json import dumps
from .sample import sample
from .script import Script
from .words import Event, Tally, count_request

Json = dict[str, Any]


class SandboxError(Exception):
    """The request is refused before anything was said; `error` is a canonical error."""

    def __init__(self, error: Json) -> None:
        super().__init__(error.get("message", ""))
        self.error = error


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Scripts ready to be played. `sleep` waits for seconds, `clock` tells the seconds since 1970."""

    scripts: Sequence[Script]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.time

    def find(self, model: str) -> Script | None:
        """Give the script that answers to a name: one that names it, else the first whose pattern fits."""
        named = (script for script in self.scripts if model in script.answers)
        fitting = (
            script for script in self.scripts if any(fnmatchcase(model, pattern) for pattern in script.answers)
        )
        return next(named, None) or next(fitting, None)

    async def respond(self, model: str, request: Json) -> AsyncGenerator[list[Event], None]:
        """Answer a canonical request in the name of a model: batches of decoder events, at the script's pace.

        The last event is `end` or `error`, or neither where the script breaks off. Raises SandboxError before the
        first batch.
        """
        script = self.find(model)
        if script is None:
            message = f"The sandbox has no script for the model {model}."
            raise SandboxError({"kind": "not_found", "status": 404, "message": message})
        values = script.bind(request, example_call(request))
        refusal = script.refusal(values)
        if refusal is not None:
            raise SandboxError(refusal)
        tally = Tally()
        batch: list[Event] = [self._start(model, request)]
        for seconds, event in script.play(values):
            if seconds:
                yield batch
                await self.sleep(seconds)
                batch = []
            batch.append(event)
            tally.see(event)
            if event["type"] == "error":
                yield batch
                return
        if script.complete:
            if not tally.reported:
                batch.append({"type": "usage", "usage": tally.usage(request)})
            batch.append({"type": "end"})
        yield batch

    def _start(self, model: str, request: Json) -> Event:
        name = derive("sandbox-", model, request.get("turns"))
        usage = {"input": count_request(request)}
        return {"type": "start", "id": name, "model": model, "created": int(self.clock()), "usage": usage}


def example_call(request: Mapping[str, Any]) -> Json | None:
    """Make an example call of the tool that the request wants used, or of the first; null when there is none."""
    tools = [tool for tool in request.get("tools", ()) if tool.get("kind") in ("function", "custom")]
    choice = request.get("tool_choice", {})
    wanted = choice.get("names")
    allowed = [tool for tool in tools if not wanted or tool.get("name") in wanted]
    if not allowed or choice.get("mode") == "none":
        return None
    tool = allowed[0]
    call: Json = {name: tool[name] for name in ("name", "namespace") if name in tool}
    if tool["kind"] == "custom":
        return {**call, "custom": True, "arguments": "example"}
    made = sample(tool.get("schema"))
    return {**call, "arguments": dumps(made if isinstance(made, dict) else {})}
