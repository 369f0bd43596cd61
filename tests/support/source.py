"""A connection that fills an answer with what a test says, in the moment in which it says so."""

from __future__ import annotations

from torouter.upstream.answer import Answer


class Source:
    """What a connection has for its answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.pieces: list[bytes] = []
        self.due = 0.0
        answer.source, answer.status = self, 200

    def taken(self) -> bytes:
        pieces, self.pieces = self.pieces, []
        return b"".join(pieces)

    def watch(self, due: float) -> None:
        self.due = due

    def drop(self) -> None:
        self.end()

    def send(self, *pieces: bytes) -> None:
        self.pieces += pieces
        self.answer.wake()

    def end(self, *pieces: bytes) -> None:
        self.pieces += pieces
        self.answer.source, self.answer.rest = None, self.taken()
        self.answer.wake()
