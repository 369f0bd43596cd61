"""What was kept: the store, asked off the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from ..compile.snapshot import Settings
from ..store import Bounds, MemoryStore, Store, StoredAnswer, StoredConversation, StoreError
from .errors import Problem

T = TypeVar("T")

_log = logging.getLogger("torouter.pipeline")


@dataclass(frozen=True, slots=True)
class Recalled:
    """A kept answer, and the canonical turns of its conversation up to it.

    `lacking` is the id of an answer of the conversation that could not be had.
    """

    answer: StoredAnswer
    turns: Sequence[dict[str, Any]] = ()
    lacking: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Keeps and finds answers. `existing` gives the store if there is one, `made` makes it where there is none."""

    existing: Callable[[], Store | None]
    made: Callable[[], Store]
    now: Callable[[], float] = time.time

    @classmethod
    def of_process(cls) -> Memory:
        """A memory that lasts as long as the process."""
        store = MemoryStore()
        return cls(lambda: store, lambda: store)

    async def find(self, id: str, settings: Settings) -> StoredAnswer | None:
        """Give the answer with this id, of whichever group. Raises Problem when the store cannot be asked."""
        since = self.now() - settings.state_age
        return await self.ask(lambda store: store.find_answer(id, since))

    async def recall(self, id: str, group: str, settings: Settings) -> Recalled | None:
        """Give the answer with this id, with its conversation if that is the group's and kept here.

        Raises Problem when the store cannot be asked.
        """
        since = self.now() - settings.state_age

        def read(store: Store) -> Recalled | None:
            answer = store.find_answer(id, since)
            if answer is None or answer.group != group or answer.provider is not None:
                return None if answer is None else Recalled(answer)
            chain = store.answer_chain(id, settings.state_depth, settings.max_body)
            turns = [turn for kept in reversed(chain) for turn in turns_of(kept)]
            return Recalled(answer, turns, chain[-1].previous if chain else id)

        return await self.ask(read)

    async def keep(self, made: Callable[[], StoredAnswer], settings: Settings) -> None:
        """Keep an answer; a store that cannot is logged, for the answer itself is sound."""
        try:
            await asyncio.to_thread(lambda: self.made().keep_answer(made(), bounds_of(settings)))
        except StoreError as fault:
            _log.error("an answer is not kept: %s", fault)

    async def find_conversation(self, id: str, settings: Settings) -> StoredConversation | None:
        """Give the conversation with this id, of whichever group. Raises Problem when the store cannot be asked."""
        since = self.now() - settings.state_age
        return await self.ask(lambda store: store.find_conversation(id, since))

    async def ask(self, question: Callable[[Store], T]) -> T | None:
        """Ask the store; nothing where there is none. Raises Problem when it cannot be asked."""

        def asked() -> T | None:
            store = self.existing()
            return None if store is None else question(store)

        return await _told(asked)

    async def change(self, question: Callable[[Store], T]) -> T:
        """Ask the store for a change; it is made where there is none. Raises Problem when it cannot be asked."""
        return await _told(lambda: question(self.made()))


async def _told(question: Callable[[], T]) -> T:
    """Ask off the event loop. Raises Problem when the store cannot be asked, and logs why."""
    try:
        return await asyncio.to_thread(question)
    except StoreError as fault:
        _log.error("%s", fault)
        message = "What is kept cannot be read or written just now."
        raise Problem("unavailable", message, code="state_unavailable") from fault


def bounds_of(settings: Settings) -> Bounds:
    """What the settings let a group keep."""
    return Bounds(settings.state_count, settings.state_size, settings.state_age)


def turns_of(answer: StoredAnswer) -> Sequence[dict[str, Any]]:
    """Give what a kept answer adds to its conversation: the turns it was asked with, and its own."""
    outputs = orjson.loads(answer.response).get("outputs") or []
    own = [{"role": "assistant", "parts": output["parts"]} for output in outputs[:1]]
    return [*orjson.loads(answer.turns), *own]
