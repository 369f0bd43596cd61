"""Lines of the log leave together, soon, and in their order."""

from __future__ import annotations

import asyncio
from select import PIPE_BUF

from torouter.observe.journal import MANY, Journal


async def test_lines_that_come_together_are_written_together() -> None:
    written: list[bytes] = []
    journal = Journal(written.append)
    journal.add("a")
    journal.add("b")
    assert written == []
    while not written:
        await asyncio.sleep(0.001)
    assert written == [b"a\nb\n"]
    journal.add("c")
    journal.flush()
    assert written[1:] == [b"c\n"]


async def test_many_lines_do_not_wait() -> None:
    written: list[bytes] = []
    journal = Journal(written.append)
    for number in range(MANY + 1):
        journal.add(str(number))
    assert [len(it.splitlines()) for it in written] == [MANY]
    journal.flush()
    assert b"".join(written).split() == [str(number).encode() for number in range(MANY + 1)]
    journal.flush()
    assert len(written) == 2


async def test_lines_leave_in_pieces_that_a_pipe_takes_as_a_whole() -> None:
    written: list[bytes] = []
    journal = Journal(written.append)
    lines = ["é" * 900] * 5 + ["x" * 3 * PIPE_BUF] + ["short"]
    for line in lines:
        journal.add(line)
    journal.flush()
    assert b"".join(written).decode().splitlines() == lines
    assert all(piece.endswith(b"\n") for piece in written)
    assert [len(piece) > PIPE_BUF for piece in written] == [False, False, False, True, False]


async def test_a_log_that_is_gone_is_no_failure() -> None:
    def gone(data: bytes) -> None:
        raise BrokenPipeError

    journal = Journal(gone)
    journal.add("a")
    journal.flush()
    journal.add("b")
    journal.flush()
