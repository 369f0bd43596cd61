"""A store that lasts as long as its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from .contract import Bounds, StoredAnswer, StoredKey
from .usage import UsageRecord, UsageSum, sums


@dataclass(slots=True)
class _Thread:
    """The answers of one conversation."""

    group: str
    used: float
    answers: set[str] = field(default_factory=set)


class MemoryStore:
    """Keeps everything in this process; what it promises stands in the contract."""

    def __init__(self) -> None:
        self._keys: dict[str, StoredKey] = {}
        self._answers: dict[str, StoredAnswer] = {}
        self._threads: dict[str, _Thread] = {}  # those first that were not used for the longest time
        self._totals: dict[str, tuple[int, int]] = {}  # of each group: answers, bytes
        self._usage: list[UsageRecord] = []
        self._lock = Lock()

    def add_key(self, key: StoredKey) -> None:
        """Keep one more key."""
        with self._lock:
            self._keys[key.digest] = key

    def find_key(self, digest: str) -> StoredKey | None:
        """Give the key with this digest, valid or not."""
        return self._keys.get(digest)

    def list_keys(self) -> Sequence[StoredKey]:
        """Give all keys, the oldest first."""
        with self._lock:
            return sorted(self._keys.values(), key=lambda key: key.created)

    def expire_keys(self, name: str, at: float) -> int:
        """Let the keys of a name end at this moment, but those that end sooner; gives how many were changed."""
        with self._lock:
            ending = [key for key in self._keys.values() if key.name == name and key.valid(at)]
            self._keys.update({key.digest: replace(key, expires=at) for key in ending})
        return len(ending)

    def keep_answer(self, answer: StoredAnswer, bounds: Bounds) -> None:
        """Keep one more answer, and make room as the contract says."""
        with self._lock:
            known = self._answers.get(answer.id)
            if known is not None and known.group != answer.group:
                return
            if known is not None:
                self._forget(known)
            thread = self._threads.pop(answer.thread, None) or _Thread(answer.group, answer.created)
            thread.used = answer.created
            thread.answers.add(answer.id)
            self._threads[answer.thread] = thread
            self._answers[answer.id] = answer
            self._count(answer, 1)
            self._make_room(answer, bounds)

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

    def add_usage(self, records: Sequence[UsageRecord], since: float) -> None:
        """Keep some records; those of requests before `since` are forgotten."""
        with self._lock:
            self._usage = [it for it in (*self._usage, *records) if it.at >= since]

    def sum_usage(self, by: Sequence[str], since: float, until: float) -> Sequence[UsageSum]:
        """Put the requests of a span together."""
        with self._lock:
            return sums([it for it in self._usage if since <= it.at < until], by)

    def close(self) -> None:
        """Nothing is held."""

    def _make_room(self, answer: StoredAnswer, bounds: Bounds) -> None:
        """Forget whole conversations: what is too old, and what is too much in a group."""
        for thread in list(self._threads.values()):
            if thread.used >= answer.created - bounds.age:
                break
            self._forget_thread(thread)
        for thread in list(self._threads.values()):
            count, size = self._totals.get(answer.group, (0, 0))
            if count <= bounds.count and size <= bounds.size:
                break
            if thread.group == answer.group:
                self._forget_thread(thread)

    def _forget_thread(self, thread: _Thread) -> None:
        for id in list(thread.answers):
            self._forget(self._answers[id])

    def _forget(self, answer: StoredAnswer) -> None:
        del self._answers[answer.id]
        self._count(answer, -1)
        thread = self._threads[answer.thread]
        thread.answers.discard(answer.id)
        if not thread.answers:
            del self._threads[answer.thread]

    def _count(self, answer: StoredAnswer, times: int) -> None:
        count, size = self._totals.get(answer.group, (0, 0))
        self._totals[answer.group] = (count + times, size + times * answer.size)
