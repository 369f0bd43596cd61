"""Lines of the log leave together, soon, and in their order."""

from __future__ import annotations

import asyncio

from torouter.observe.journal import MANY, Journal


async def test_lines_that_come_together_are_written_together() -> None:
    written: list[str] = []
    journal = Journal(written.append)
    journal.add("a")
    journal.add("b")
    assert written == []
    while not written:
        await asyncio.sleep(0.001)
    assert written == ["a\nb\n"]
    journal.add("c")
    journal.flush()
    assert written[1:] == ["c\n"]


async def test_many_lines_do_not_wait() -> None:
    written: list[str] = []
    journal = Journal(written.append)
    for number in range(MANY + 1):
        journal.add(str(number))
    assert [len(it.splitlines()) for it in written] == [MANY]
    journal.flush()
    assert "".join(written).splitlines() == [str(number) for number in range(MANY + 1)]
    journal.flush()
    assert len(written) == 2


async def test_a_log_that_is_gone_is_no_failure() -> None:
    def gone(text: str) -> None:
        raise BrokenPipeError

    journal = Journal(gone)
    journal.add("a")
    journal.flush()
    journal.add("b")
    journal.flush()
