"""Answers and conversations, as long as their process lasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice
from threading import Lock

from .contract import Bounds, Entry, StoredAnswer, StoredConversation


@dataclass(slots=True)
class _Thread:
    """What makes room together: the answers of one conversation, and that itself with its entries if it has a name."""

    group: str
    used: float
    answers: set[str] = field(default_factory=set)
    conversation: StoredConversation | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    size: int = 0  # of the entries

    @property
    def empty(self) -> bool:
        return not self.answers and self.conversation is None


class MemoryThreads:
    """Keeps them in this process; what it promises stands in the contract."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[str, StoredAnswer] = {}
        self._threads: dict[str, _Thread] = {}  # those first that were not used for the longest time
        self._totals: dict[str, tuple[int, int]] = {}  # of each group: things, bytes

    def keep_answer(self, answer: StoredAnswer, bounds: Bounds) -> None:
        """Keep one more answer, and make room as the contract says."""
        with self._lock:
            known = self._answers.get(answer.id)
            if known is not None and known.group != answer.group:
                return
            if known is not None:
                self._forget(known)
            self._used(answer.thread, answer.group, answer.created).answers.add(answer.id)
            self._answers[answer.id] = answer
            self._count(answer.group, 1, answer.size)
            self._make_room(answer.group, answer.created, bounds)

    def find_answer(self, id: str, since: float) -> StoredAnswer | None:
        """Give the answer with this id, if its conversation was used since that moment."""
        with self._lock:
            found = self._answers.get(id)
            return found if found is not None and self._threads[found.thread].used >= since else None

    def answer_chain(self, id: str, depth: int, size: int) -> Sequence[StoredAnswer]:
        """Give an answer and those before it, the last one first, as far as the bounds allow."""
        chain: list[StoredAnswer] = []
        with self._lock:
            at: str | None = id
            while at is not None and (found := self._answers.get(at)) is not None and len(chain) < depth:
                link = replace(found, body=b"")
                if (size := size - link.size) < 0:
                    break
                chain.append(link)
                at = found.previous
        return chain

    def delete_answer(self, id: str) -> None:
        """Forget the answer with this id; those that go on from it stay."""
        with self._lock:
            if (found := self._answers.get(id)) is not None:
                self._forget(found)

    def keep_conversation(self, conversation: StoredConversation, bounds: Bounds) -> None:
        """Keep a conversation; of one that is there only the notes change."""
        with self._lock:
            known = self._named(conversation.id)
            if known is not None and known.conversation is not None:
                if known.group != conversation.group:
                    return
                self._count(known.group, 0, len(conversation.notes) - len(known.conversation.notes))
                known.conversation = replace(known.conversation, notes=conversation.notes)
            else:
                thread = self._used(conversation.id, conversation.group, conversation.created)
                thread.conversation = conversation
                self._count(conversation.group, 1, len(conversation.notes))
            self._make_room(conversation.group, conversation.created, bounds)

    def find_conversation(self, id: str, since: float) -> StoredConversation | None:
        """Give the conversation with this id, if it was used since that moment."""
        with self._lock:
            found = self._named(id)
            if found is None or found.conversation is None or found.used < since:
                return None
            return replace(found.conversation, count=len(found.entries), size=found.size)

    def delete_conversation(self, id: str) -> None:
        """Forget the conversation with this id and its entries; answers that were given in it stay."""
        with self._lock:
            if (found := self._named(id)) is not None:
                self._forget_named(id, found)

    def add_entries(
        self, conversation: str, entries: Sequence[Entry], now: float, bounds: Bounds
    ) -> Sequence[Entry] | None:
        """Add entries behind all others; nothing if there is no such conversation."""
        with self._lock:
            thread = self._named(conversation)
            if thread is None:
                return None
            self._used(conversation, thread.group, now)
            added = []
            for entry in entries:
                kept = replace(entry, id=free_id(entry.id, thread.entries.__contains__))
                thread.entries[kept.id] = kept
                added.append(kept)
            size = sum(len(entry.value) for entry in added)
            thread.size += size
            self._count(thread.group, len(added), size)
            self._make_room(thread.group, now, bounds)
        return added

    def list_entries(
        self, conversation: str, after: str | None, limit: int, *, newest_first: bool = False
    ) -> Sequence[Entry] | None:
        """Give at most so many entries behind the one with the id `after`; nothing if that is not there."""
        with self._lock:
            thread = self._named(conversation)
            entries = list(thread.entries.values()) if thread is not None else []
        ordered = entries[::-1] if newest_first else entries
        start = 0
        if after is not None:
            places = [place for place, entry in enumerate(ordered, 1) if entry.id == after]
            if not places:
                return None
            start = places[0]
        return list(islice(ordered, start, start + limit))

    def find_entry(self, conversation: str, id: str) -> Entry | None:
        """Give one entry of a conversation."""
        with self._lock:
            thread = self._named(conversation)
            return thread.entries.get(id) if thread is not None else None

    def delete_entry(self, conversation: str, id: str) -> None:
        """Forget one entry of a conversation."""
        with self._lock:
            thread = self._named(conversation)
            if thread is not None and (found := thread.entries.pop(id, None)) is not None:
                thread.size -= len(found.value)
                self._count(thread.group, -1, -len(found.value))

    def _named(self, id: str) -> _Thread | None:
        """The thread of a conversation that clients name."""
        thread = self._threads.get(id)
        return thread if thread is not None and thread.conversation is not None else None

    def _used(self, id: str, group: str, now: float) -> _Thread:
        """The thread with this id, which is made if it is missing: used now, and so the last to make room."""
        thread = self._threads.pop(id, None) or _Thread(group, now)
        thread.used = now
        self._threads[id] = thread
        return thread

    def _make_room(self, group: str, now: float, bounds: Bounds) -> None:
        """Forget whole conversations: what is too old, and what is too much in a group."""
        for id, thread in list(self._threads.items()):
            if thread.used >= now - bounds.age:
                break
            self._forget_thread(id, thread)
        for id, thread in list(self._threads.items()):
            things, size = self._totals.get(group, (0, 0))
            if things <= bounds.count and size <= bounds.size:
                break
            if thread.group == group:
                self._forget_thread(id, thread)

    def _forget_thread(self, id: str, thread: _Thread) -> None:
        for answer in list(thread.answers):
            self._forget(self._answers[answer])
        self._forget_named(id, thread)

    def _forget(self, answer: StoredAnswer) -> None:
        del self._answers[answer.id]
        self._count(answer.group, -1, -answer.size)
        thread = self._threads[answer.thread]
        thread.answers.discard(answer.id)
        if thread.empty:
            del self._threads[answer.thread]

    def _forget_named(self, id: str, thread: _Thread) -> None:
        if thread.conversation is None:
            return
        notes = len(thread.conversation.notes)
        self._count(thread.group, -1 - len(thread.entries), -notes - thread.size)
        thread.conversation, thread.entries, thread.size = None, {}, 0
        if thread.empty:
            del self._threads[id]

    def _count(self, group: str, things: int, size: int) -> None:
        known = self._totals.get(group, (0, 0))
        self._totals[group] = (known[0] + things, known[1] + size)


def free_id(id: str, taken: Callable[[str], bool]) -> str:
    """Give an id that is not taken: this one, or this one with the first number that makes it another."""
    return id if not taken(id) else next(it for number in count(2) if not taken(it := f"{id}_{number}"))
