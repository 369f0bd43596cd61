"""Answers and conversations in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .contract import Bounds, Entry, StoredAnswer, StoredConversation
from .memory_threads import free_id
from .sqlite_file import Change, SqliteFile

AT_ONCE = 64
"""How many conversations make room in one call."""

_PUT_ANSWER = "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
_REPLACED = "DELETE FROM answers WHERE id = ? AND grp = ?"
_FIND_ANSWER = """
SELECT answers.id, answers.grp, protocol, model, created, thread, previous, provider, body, turns, response
FROM answers JOIN threads ON threads.id = thread WHERE answers.id = ? AND used >= ?
"""
_LINK = """
SELECT id, grp, protocol, model, created, thread, previous, provider, x'', turns, response FROM answers WHERE id = ?
"""
_DELETE_ANSWER = "DELETE FROM answers WHERE id = ?"

_PUT_CONVERSATION = """
INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)
ON CONFLICT (id) DO UPDATE SET notes = excluded.notes WHERE grp = excluded.grp
"""
_FIND_CONVERSATION = """
SELECT conversations.id, conversations.grp, protocol, created, notes, provider, model, entries, size
FROM conversations JOIN threads ON threads.id = conversations.id WHERE conversations.id = ? AND used >= ?
"""
_GROUP = "SELECT grp FROM conversations WHERE id = ?"
_LAST = "SELECT coalesce(max(place), 0) FROM entries WHERE conversation = ?"
_TAKEN = "SELECT 1 FROM entries WHERE conversation = ? AND id = ?"
_PUT_ENTRY = "INSERT INTO entries VALUES (?, ?, ?, ?)"
_USED = "UPDATE threads SET used = max(used, ?) WHERE id = ?"
_PLACE = "SELECT place FROM entries WHERE conversation = ? AND id = ?"
_ENTRIES = "SELECT id, value FROM entries WHERE conversation = ? AND place > ? ORDER BY place LIMIT ?"
_NEWEST_ENTRIES = "SELECT id, value FROM entries WHERE conversation = ? AND place < ? ORDER BY place DESC LIMIT ?"
_FIND_ENTRY = "SELECT id, value FROM entries WHERE conversation = ? AND id = ?"
_DELETE_ENTRY = "DELETE FROM entries WHERE conversation = ? AND id = ?"
_FORGOTTEN = ("DELETE FROM entries WHERE conversation = ?", "DELETE FROM conversations WHERE id = ?")

_TOO_OLD = "SELECT id FROM threads WHERE used < ? ORDER BY used LIMIT ?"
_OLDEST = "SELECT id FROM threads WHERE grp = ? ORDER BY used LIMIT 1"
_THREAD = ("DELETE FROM answers WHERE thread = ?", *_FORGOTTEN)
_TOTAL = "SELECT count, size FROM totals WHERE grp = ?"
_BEHIND_ALL = 1 << 62


class SqliteThreads(SqliteFile):
    """Keeps them in the file; triggers count what belongs together, so that room is made without looking at all."""

    def keep_answer(self, answer: StoredAnswer, bounds: Bounds) -> None:
        """Keep one more answer, and make room as the contract says."""
        it = answer
        head = (it.id, it.group, it.protocol, it.model, it.created, it.thread, it.previous, it.provider)
        with self._told(), self._changing() as change:
            change(_REPLACED, (it.id, it.group))
            change(_PUT_ANSWER, (*head, it.size, it.body, it.turns, it.response))
            _make_room(change, it.group, it.created, bounds)

    def find_answer(self, id: str, since: float) -> StoredAnswer | None:
        """Give the answer with this id, if its conversation was used since that moment."""
        with self._told():
            row = self._connection.execute(_FIND_ANSWER, (id, since)).fetchone()
        return None if row is None else StoredAnswer(*row)

    def answer_chain(self, id: str, depth: int, size: int) -> Sequence[StoredAnswer]:
        """Give an answer and those before it, the last one first, as far as the bounds allow."""
        chain: list[StoredAnswer] = []
        at: str | None = id
        with self._told():
            while at is not None and len(chain) < depth:
                row = self._connection.execute(_LINK, (at,)).fetchone()
                found = None if row is None else StoredAnswer(*row)
                if found is None or (size := size - found.size) < 0:
                    break
                chain.append(found)
                at = found.previous
        return chain

    def delete_answer(self, id: str) -> None:
        """Forget the answer with this id; those that go on from it stay."""
        with self._told():
            self._connection.execute(_DELETE_ANSWER, (id,))

    def keep_conversation(self, conversation: StoredConversation, bounds: Bounds) -> None:
        """Keep a conversation; of one that is there only the notes change."""
        it = conversation
        with self._told(), self._changing() as change:
            change(_PUT_CONVERSATION, (it.id, it.group, it.protocol, it.created, it.notes, it.provider, it.model))
            _make_room(change, it.group, it.created, bounds)

    def find_conversation(self, id: str, since: float) -> StoredConversation | None:
        """Give the conversation with this id, if it was used since that moment."""
        with self._told():
            row = self._connection.execute(_FIND_CONVERSATION, (id, since)).fetchone()
        return None if row is None else StoredConversation(*row)

    def delete_conversation(self, id: str) -> None:
        """Forget the conversation with this id and its entries; answers that were given in it stay."""
        with self._told(), self._changing() as change:
            for statement in _FORGOTTEN:
                change(statement, (id,))

    def add_entries(
        self, conversation: str, entries: Sequence[Entry], now: float, bounds: Bounds
    ) -> Sequence[Entry] | None:
        """Add entries behind all others; nothing if there is no such conversation."""
        added = []
        with self._told(), self._changing() as change:
            if (group := change(_GROUP, (conversation,)).fetchone()) is None:
                return None
            (last,) = change(_LAST, (conversation,)).fetchone()
            for place, entry in enumerate(entries, last + 1):
                id = free_id(entry.id, lambda it: change(_TAKEN, (conversation, it)).fetchone() is not None)
                change(_PUT_ENTRY, (conversation, place, id, entry.value))
                added.append(replace(entry, id=id))
            change(_USED, (now, conversation))
            _make_room(change, group[0], now, bounds)
        return added

    def list_entries(
        self, conversation: str, after: str | None, limit: int, *, newest_first: bool = False
    ) -> Sequence[Entry] | None:
        """Give at most so many entries behind the one with the id `after`; nothing if that is not there."""
        question = _NEWEST_ENTRIES if newest_first else _ENTRIES
        with self._told():
            start = _BEHIND_ALL if newest_first else 0
            if after is not None:
                row = self._connection.execute(_PLACE, (conversation, after)).fetchone()
                if row is None:
                    return None
                (start,) = row
            rows = self._connection.execute(question, (conversation, start, limit)).fetchall()
        return [Entry(*row) for row in rows]

    def find_entry(self, conversation: str, id: str) -> Entry | None:
        """Give one entry of a conversation."""
        with self._told():
            row = self._connection.execute(_FIND_ENTRY, (conversation, id)).fetchone()
        return None if row is None else Entry(*row)

    def delete_entry(self, conversation: str, id: str) -> None:
        """Forget one entry of a conversation."""
        with self._told():
            self._connection.execute(_DELETE_ENTRY, (conversation, id))


def _make_room(change: Change, group: str, now: float, bounds: Bounds) -> None:
    """Forget whole conversations: some of what is too old, and what is too much in a group."""
    for (thread,) in change(_TOO_OLD, (now - bounds.age, AT_ONCE)).fetchall():
        _forget(change, thread)
    for _ in range(AT_ONCE):
        count, size = change(_TOTAL, (group,)).fetchone() or (0, 0)
        if count <= bounds.count and size <= bounds.size:
            break
        for (thread,) in change(_OLDEST, (group,)).fetchall():
            _forget(change, thread)


def _forget(change: Change, thread: str) -> None:
    for statement in _THREAD:
        change(statement, (thread,))
