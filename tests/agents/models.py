"""Models that play a task: strict about the tools they are offered, and about all of the history that comes back to them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from tests.agents.dialects import Dialect, Offered, counted
from tests.agents.histories import Said, check
from tests.e2e.script import Json, Refusal, Step, demand
from tests.support.scripted import Scene

MOST = 40      # requests of one run; an agent that asks more often is in a loop
TOKENS = 8765  # in whatever is counted


@dataclass(slots=True)
class Play:
    """The script of a run: tells each step once the results of the one before are there."""

    dialect: Dialect
    steps: tuple[Step, ...]
    aside: str = ""                        # what it says to a request without tools
    forgives: bool = False                 # whether it bears that what it has signed does not come back
    asked: int = 0
    asides: int = 0
    counted: int = 0
    refused: list[str] = field(default_factory=list)

    async def __call__(self, scene: Scene) -> None:
        """Answer one request."""
        body = json.loads(scene.seen.body)
        address = scene.seen.line.split(" ")[1].partition("?")[0]
        if self.dialect.count is not None and address.endswith(self.dialect.count[0]):
            self.counted += 1
            await scene.answer(json.dumps(counted(self.dialect, TOKENS)).encode())
            return
        self.asked += 1
        try:
            demand(self.asked <= MOST, f"more than {MOST} requests")
            whole = self._due(body)
        except Refusal as reason:
            self.refused.append(str(reason))
            await scene.answer(json.dumps(self.dialect.wire.refusal(str(reason))).encode(), 400)
            return
        if body.get("stream") or "streamGenerateContent" in address:
            said = self.dialect.wire.stream(whole)
            await scene.stream(*(said[place : place + 37] for place in range(0, len(said), 37)))
        else:
            await scene.answer(json.dumps(whole).encode())

    def _due(self, body: Json) -> Json:
        """The answer after those that the history holds. Raises Refusal."""
        offered = self.dialect.offers(body)
        if not offered:
            self.asides += 1
            return self.dialect.say(Step(MOST, text=self.aside), offered)
        for name in offered:
            demand(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name), f"{name} is no name for a tool")

        def wanted(step: Step) -> list[Said]:
            return [*self.dialect.read(self.dialect.echo(self._say(step, offered)))]

        told = check(self.dialect.read(body), self.steps, wanted, forgives=self.forgives)
        return self._say(self.steps[told], offered)

    def _say(self, step: Step, offered: Offered) -> Json:
        for call in step.calls:
            demand(call.name in offered, f"the tool {call.name} is not among {[*offered]}")
        return self.dialect.say(step, offered)
