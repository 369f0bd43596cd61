"""Whom a worker leaves alone now, as the page of metrics tells it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from torouter.compile.policy import Rule
from torouter.observe.alone import Lookout
from torouter.observe.board import Board
from torouter.observe.metrics import ALONE
from torouter.routing.state import Routing

from tests.support.fake import FakeProvider, FakeTarget
from tests.support.moment import Moment

COOL = Rule("next", cool=10.0)


@dataclass(frozen=True)
class Named(FakeTarget):
    """A target that knows the public name of its model."""

    @property
    def view(self) -> dict[str, object]:
        return {"model": self.model, "name": "public"}


def target(model: str = "m", at: str = "p") -> Any:
    return Named(FakeProvider("http://127.0.0.1:1", id=at), model)


def fail(routing: Routing, it: Any, rule: Rule = COOL) -> None:
    lease = routing.enter(it)
    routing.leave(lease)
    routing.judge(it, lease, rule)


def told(lookout: Lookout, board: Board) -> dict[tuple[str, ...], float]:
    """What the next look says, without what is 0."""
    lookout.look()
    return {labels: values[0] for (id, labels), values in board.sums().items() if id == ALONE.id and values[0]}


def test_who_failed_is_cool_then_due_then_probed_and_then_no_more() -> None:
    moment, board = Moment(), Board.alone()
    routing = moment.routing()
    lookout = Lookout(board, routing)
    assert told(lookout, board) == {}
    fail(routing, target())
    assert told(lookout, board) == {("public", "p", "cool"): 1}
    moment.now = 10.0
    assert told(lookout, board) == {("public", "p", "due"): 1}
    lease = routing.enter(target())
    assert told(lookout, board) == {("public", "p", "probed"): 1}
    routing.leave(lease)
    routing.judge(target(), lease, None)
    assert told(lookout, board) == {}
    assert board.sums()[ALONE.id, ("public", "p", "cool")] == [0.0]


def test_a_whole_provider_has_no_model_and_targets_of_one_name_add_up() -> None:
    board, routing = Board.alone(), Moment().routing()
    lookout = Lookout(board, routing)
    fail(routing, target("a"))
    fail(routing, target("b"))
    fail(routing, target("c", at="q"), Rule("next", dead=600.0))
    assert told(lookout, board) == {("public", "p", "cool"): 2, ("", "q", "cool"): 1}


async def test_it_is_looked_at_again_and_again_until_somebody_ends_it() -> None:
    board, routing = Board.alone(), Moment().routing()
    fail(routing, target())
    looking = asyncio.create_task(Lookout(board, routing).run())
    while (ALONE.id, ("public", "p", "cool")) not in board.sums():
        await asyncio.sleep(0)
    looking.cancel()
    await asyncio.wait({looking})
    assert looking.cancelled()
