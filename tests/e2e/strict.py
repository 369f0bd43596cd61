"""Upstreams that refuse what a vendor would: thinking that is missing or altered, results unpaired or in another order.

Each compares the history of a request with what it has said itself, part by part. `replay` says whether the thinking
must come back; thinking that comes back altered, or that another vendor signed, is refused in any case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from tests.e2e.script import QUESTION, STEPS, THANKS, Call, Json, Refusal, Step, demand
from tests.support.scripted import Scene, Script


class Strict(Protocol):
    """One upstream: its protocol, what the routes say of it, and how it reads and answers."""

    protocol: str
    address: str                     # a route's `speaks` entry
    facts: str                       # the capabilities of its model, as YAML
    insists: bool                    # whether it refuses a client of its own that forgets its thinking
    forgives: bool                   # whether it bears, for some client, that thinking does not come back

    def answer(self, body: Json, *, replay: bool) -> Json:
        """The whole answer. Raises Refusal."""

    def stream(self, whole: Json) -> bytes:
        """The same answer as a stream."""

    def refusal(self, reason: str) -> Json:
        """The body of a 400."""

    def opaque(self, step: Step) -> list[str]:
        """The opaque values of an answer."""


def playing(upstream: Strict, *, replay: bool) -> Script:
    """The script of every connection."""

    async def script(scene: Scene) -> None:
        body = json.loads(scene.seen.body)
        try:
            whole = upstream.answer(body, replay=replay)
        except Refusal as refused:
            await scene.answer(json.dumps(upstream.refusal(str(refused))).encode(), 400)
            return
        if body.get("stream") or "streamGenerateContent" in scene.seen.line:
            said = upstream.stream(whole)
            await scene.stream(*(said[place : place + 37] for place in range(0, len(said), 37)))
        else:
            await scene.answer(json.dumps(whole).encode())

    return script


def following(turns: list[Json], role: str) -> Step:
    """The step that is due, where the roles alternate, the user speaks first and last, and this role answers."""
    roles = [turn["role"] for turn in turns]
    wanted = ["user", role] * len(roles)
    demand(roles == wanted[: len(roles)] and roles[-1] == "user", f"roles must alternate: {roles}")
    demand(len(roles) // 2 < len(STEPS), "the conversation is over")
    return STEPS[len(roles) // 2]


def same(found: list[Any], wanted: list[Any], what: str) -> None:
    """Refuse lists that differ."""
    for place, (one, other) in enumerate(zip(found, wanted, strict=False)):
        demand(one == other, f"{what}: {json.dumps(one, ensure_ascii=False)} at {place} is not {json.dumps(other, ensure_ascii=False)}")
    demand(len(found) == len(wanted), f"{what}: {len(found)} parts, not {len(wanted)}: {json.dumps(found, ensure_ascii=False)[:300]}")


def calls_before(number: int) -> tuple[Call, ...]:
    """The calls that the user's turn with this number must answer."""
    return STEPS[number - 1].calls if number else ()


def said(number: int) -> str | None:
    """What the user says in the turn with this number beside the results."""
    return {0: QUESTION, len(STEPS) - 1: THANKS}.get(number)


def told(text: str) -> Any:
    """What a result says: an object may have been written anew on its way."""
    return json.loads(text) if text.startswith("{") else text


def pieces(text: str) -> Iterator[str]:
    """A text in pieces of four characters."""
    return (text[place : place + 4] for place in range(0, len(text), 4))


def sse(events: Iterable[Json], *, named: bool = False, end: str = "") -> bytes:
    """Events as the frames of a stream."""
    frames = "".join((f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n" for event in events)
    return (frames + end).encode()
