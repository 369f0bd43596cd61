"""Names: asked for once by all, for a while; and nowhere inside unless that is allowed."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from torouter.upstream.names import AGE, Names


class Book:
    """What names lead to, and how often that was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found = {"one.test": ["93.184.216.34"], "inside.test": ["10.0.0.1", "::1"], "both.test": ["10.0.0.1", "93.184.216.34"]}
        self.asked: list[str] = []
        loop = asyncio.get_running_loop()
        self.skipped = 0.0
        time = loop.time
        monkeypatch.setattr(loop, "getaddrinfo", self.look_up)
        monkeypatch.setattr(loop, "time", lambda: time() + self.skipped)

    async def look_up(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        await asyncio.sleep(0)
        if host not in self.found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.found[host]]


@pytest.fixture
async def book(monkeypatch: pytest.MonkeyPatch) -> Book:
    return Book(monkeypatch)


async def addresses(names: Names, host: str, *, private: bool = False) -> list[str]:
    return [place[4][0] for place in await names.places(host, 80, private=private)]


async def test_all_who_ask_at_a_time_share_a_question(book: Book) -> None:
    names = Names()
    found = await asyncio.gather(*(addresses(names, "one.test") for _ in range(50)))
    assert found == [["93.184.216.34"]] * 50
    assert book.asked == ["one.test"]


async def test_who_leaves_takes_nobodys_answer_along(book: Book) -> None:
    names = Names()
    first, second = (asyncio.create_task(addresses(names, "one.test")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == ["93.184.216.34"]


async def test_an_answer_is_remembered_for_a_while(book: Book) -> None:
    names = Names()
    await addresses(names, "one.test")
    book.skipped = AGE / 2
    await addresses(names, "one.test")
    assert len(book.asked) == 1
    book.skipped = AGE * 2
    book.found["one.test"] = ["93.184.216.35"]
    assert await addresses(names, "one.test") == ["93.184.216.35"]


async def test_a_failure_is_not_remembered(book: Book) -> None:
    names = Names()
    with pytest.raises(OSError):
        await addresses(names, "two.test")
    book.found["two.test"] = ["93.184.216.34"]
    assert await addresses(names, "two.test") == ["93.184.216.34"]


async def test_names_lead_inside_only_where_that_is_allowed(book: Book) -> None:
    names = Names()
    with pytest.raises(OSError):
        await addresses(names, "inside.test")
    assert await addresses(names, "both.test") == ["93.184.216.34"]
    assert await addresses(names, "inside.test", private=True) == ["10.0.0.1", "::1"]
    assert len(book.asked) == 2


async def test_what_is_written_as_an_address_is_not_looked_up(book: Book) -> None:
    names = Names()
    assert await addresses(names, "93.184.216.34") == ["93.184.216.34"]
    assert await addresses(names, "2606:2800:220:1:248:1893:25c8:1946") == ["2606:2800:220:1:248:1893:25c8:1946"]
    with pytest.raises(OSError):
        await addresses(names, "127.0.0.1")
    assert book.asked == []


async def test_no_more_names_are_remembered_than_anybody_needs(book: Book) -> None:
    names = Names()
    for number in range(2000):
        book.found[f"{number}.test"] = ["93.184.216.34"]
        await addresses(names, f"{number}.test")
    assert len(names._known) <= 1024
