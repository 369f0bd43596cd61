"""Conversations that clients name: kept here for models whose providers keep none; on a made-up protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from torouter.pipeline.memory import Memory
from torouter.store import Bounds, Entry, MemoryStore, StoreError

from tests.made_up.test_state import (
    KEY,
    NO_ANSWER,
    THEIRS,
    UNKNOWN,
    Json,
    Post,
    about,
    configured,
    id_of,
    office,
    said,
    sent,
    trouble,
    write,
)
from tests.support.client import Answer, RawClient
from tests.support.running import Running, running
from tests.support.scripted import Scene

NO_PILE = (404, "lost", "unknown_conversation")


async def piles(gateway: Running, method: str, path: str = "", body: Any = None, key: str = KEY) -> Answer:
    raw = None if body is None else orjson.dumps(body)
    return await gateway.ask(method, f"/piles{path}", raw, x_seal=key)


async def pile(gateway: Running, **members: Any) -> str:
    answer = await piles(gateway, "POST", body=members)
    assert answer.status == 200, answer.body
    return str(answer.json["pile"])


def letter(say: str, **members: Any) -> Json:
    return {"from": "reader", "lines": [{"say": say}], **members}


async def words(gateway: Running, id: str) -> list[tuple[str, str]]:
    """Who said what in a conversation, as it is listed."""
    return said((await piles(gateway, "GET", f"/{id}/letters?limit=100")).json)


async def test_a_conversation_is_made_shown_noted_and_deleted() -> None:
    async with running(configured()) as gateway:
        made = (await piles(gateway, "POST", body={"label": {"for": "Ada"}})).json
        id = made["pile"]
        assert id.startswith("pile_")
        assert (made["label"], made["since"] > 0) == ({"for": "Ada"}, True)
        assert (await piles(gateway, "GET", f"/{id}")).json == made
        changed = {**made, "label": {"for": "Bob"}}
        assert (await piles(gateway, "POST", f"/{id}", {"label": {"for": "Bob"}})).json == changed
        assert (await piles(gateway, "GET", f"/{id}")).json == changed
        assert (await piles(gateway, "DELETE", f"/{id}")).json == {"pile": id, "burnt": True}
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/letters"), ("POST", "/letters"), ("POST", "")):
            assert trouble(await piles(gateway, method, f"/{id}{path}", {} if method == "POST" else None)) == NO_PILE


async def test_a_conversation_may_be_asked_for_without_a_word() -> None:
    async with running(configured()) as gateway:
        answer = await gateway.ask("POST", "/piles", None, x_seal=KEY)
    assert (answer.status, answer.json["label"]) == (200, {})


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("file", [False, True])
async def test_a_request_belongs_to_a_conversation_and_is_added_to_it_with_its_answer(live: bool, file: bool) -> None:
    async with office(Post("one", "two")) as upstream, running(configured()) as gateway:
        id = await pile(gateway, letters=[letter("before")])
        first = id_of(await write(gateway, "far", "a", pile=id, live=live, file=file))
        id_of(await write(gateway, "far", "b", pile=id, live=live, file=file))
        listed = await words(gateway, id)
        assert (await about(gateway, "GET", first)).status == (200 if file else 404), "which is another matter"
    whole = [("reader", "before"), ("reader", "a"), ("writer", "one"), ("reader", "b"), ("writer", "two")]
    assert listed == whole
    assert said(sent(upstream, 0)) == [("reader", "beforea")]
    assert said(sent(upstream, 1)) == [("reader", "beforea"), ("writer", "one"), ("reader", "b")]
    assert not {"pile", "follows", "file"} & sent(upstream, 1).keys()


async def test_a_conversation_goes_on_with_an_upstream_of_any_sort() -> None:
    async with office(Post("one", "two", "three", stamp="wax")) as upstream, running(configured()) as gateway:
        id = await pile(gateway)
        for model, word in (("far", "a"), ("near", "b"), ("safe", "c")):
            assert (await write(gateway, model, word, pile=id)).status == 200
        assert len(await words(gateway, id)) == 6
    assert [seen.line.split()[1] for seen in upstream.seen] == ["/pigeons", "/letters", "/archive"]
    assert len(sent(upstream, 2)["letters"]) == 5
    assert sent(upstream, 2)["file"] is False, "a provider that could keep it is told not to"
    assert "pile" not in sent(upstream, 2)


async def test_of_two_requests_at_once_neither_is_lost() -> None:
    async def slow(scene: Scene) -> None:
        asked.set()
        await gate.wait()
        await Post("slow")(scene)

    asked, gate = asyncio.Event(), asyncio.Event()
    async with office(slow, Post("fast", "third")) as upstream, running(configured()) as gateway:
        id = await pile(gateway)
        late = asyncio.create_task(write(gateway, "far", "a", pile=id))
        await asked.wait()
        assert (await write(gateway, "far", "b", pile=id)).status == 200
        gate.set()
        assert (await late).status == 200
        await write(gateway, "far", "c", pile=id)
        listed = await words(gateway, id)
    assert said(sent(upstream, 1)) == [("reader", "b")], "each knows what was there when it began"
    both = [("reader", "b"), ("writer", "fast"), ("reader", "a"), ("writer", "slow")]
    assert listed[:4] == both, "each stands as a whole where it ended"
    assert said(sent(upstream, 2)) == [*both, ("reader", "c")]


async def test_a_request_belongs_to_a_conversation_or_goes_on_from_an_answer() -> None:
    async with office(Post("one")) as upstream, running(configured()) as gateway:
        id = await pile(gateway)
        first = id_of(await write(gateway, "far", "a"))
        assert (await write(gateway, "far", "b", pile=id, follows=first)).status == 400
    assert len(upstream.seen) == 1


async def test_an_answer_of_a_conversation_is_gone_on_with_by_naming_that() -> None:
    async with office(Post("one", "two")) as upstream, running(configured()) as gateway:
        id = await pile(gateway)
        first = id_of(await write(gateway, "far", "a", pile=id))
        refusal = await write(gateway, "far", "b", follows=first)
        assert trouble(refusal) == (400, "garbled", "answer_of_conversation")
        assert id in refusal.json["trouble"]["words"]
        assert (await about(gateway, "GET", first)).json["copies"][0]["lines"] == [{"say": "one"}]
        assert said((await about(gateway, "GET", f"{first}/lines")).json) == [("reader", "a")]
        await piles(gateway, "DELETE", f"/{id}")
        assert trouble(await write(gateway, "far", "b", follows=first)) == UNKNOWN
    assert len(upstream.seen) == 1


async def test_an_unknown_conversation_is_never_answered_without_what_was_said_before() -> None:
    async with office(Post()) as upstream, running(configured()) as gateway:
        for model in ("far", "near", "pair"):
            assert trouble(await write(gateway, model, "a", pile="pile_0")) == NO_PILE
        for wrong in (7, "", {}):
            assert (await write(gateway, "far", "a", pile=wrong)).status == 400
    assert upstream.seen == []


async def test_a_key_of_another_group_sees_no_conversation() -> None:
    async with office(Post("one")) as upstream, running(configured()) as gateway:
        id = await pile(gateway, letters=[letter("a", no="l1")])
        for model in ("far", "safe"):
            assert trouble(await write(gateway, model, "b", THEIRS, pile=id)) == NO_PILE
        asks: Sequence[tuple[str, str, Any]] = (
            ("GET", "", None), ("POST", "", {}), ("DELETE", "", None), ("GET", "/letters", None),
            ("POST", "/letters", {"letters": [letter("x")]}), ("GET", "/letters/l1", None), ("DELETE", "/letters/l1", None),
        )  # fmt: skip
        for method, path, body in asks:
            theirs = await piles(gateway, method, f"/{id}{path}", body, THEIRS)
            nobodys = await piles(gateway, method, f"/pile_0{path}", body, THEIRS)
            assert trouble(theirs) == trouble(nobodys) == NO_PILE
            assert theirs.body.replace(id.encode(), b"pile_0") == nobodys.body
        assert (await words(gateway, id), upstream.seen) == ([("reader", "a")], [])


async def test_entries_are_added_listed_shown_and_deleted() -> None:
    async with office(Post("one")) as upstream, running(configured()) as gateway:
        id = await pile(gateway)
        added = (await piles(gateway, "POST", f"/{id}/letters", {"letters": [letter(word) for word in "abc"]})).json
        ids = [it["no"] for it in added["letters"]]
        assert (len(set(ids)), added["from"], added["to"], added["more"]) == (3, ids[0], ids[2], False)
        page = (await piles(gateway, "GET", f"/{id}/letters?limit=2")).json
        assert ([it["no"] for it in page["letters"]], page["more"]) == (ids[:2], True)
        rest = (await piles(gateway, "GET", f"/{id}/letters?limit=2&after={page['to']}")).json
        assert ([it["no"] for it in rest["letters"]], rest["more"]) == (ids[2:], False)
        back = (await piles(gateway, "GET", f"/{id}/letters?newest=yes&after={ids[2]}")).json
        assert [it["no"] for it in back["letters"]] == [ids[1], ids[0]]
        assert (await piles(gateway, "GET", f"/{id}/letters?after=nowhere")).status == 400
        assert (await piles(gateway, "GET", f"/{id}/letters/{ids[1]}")).json == {**letter("b"), "no": ids[1]}
        assert (await piles(gateway, "DELETE", f"/{id}/letters/{ids[1]}")).json["pile"] == id
        for method in ("GET", "DELETE"):
            gone = await piles(gateway, method, f"/{id}/letters/{ids[1]}")
            assert trouble(gone) == (404, "lost", "unknown_entry")
        await write(gateway, "far", "d", pile=id)
    assert said(sent(upstream, 0)) == [("reader", "acd")]


@pytest.mark.parametrize(
    "body",
    [
        {"letters": [letter("x")] * 4},
        {"letters": "x"},
        {"letters": ["x"]},
        {"letters": []},
        {"letters": [{"from": "nobody", "lines": [{"say": "x"}]}]},
        {},
    ],
)
async def test_what_cannot_be_added_is_refused_and_changes_nothing(body: Json) -> None:
    async with running(configured()) as gateway:
        id = await pile(gateway)
        refusal = await piles(gateway, "POST", f"/{id}/letters", body)
        assert refusal.status == 400, refusal.body
        assert await words(gateway, id) == []


async def test_notes_are_an_object() -> None:
    async with running(configured()) as gateway:
        assert (await piles(gateway, "POST", body={"label": "x"})).status == 400
        id = await pile(gateway, label={"a": "b"})
        assert (await piles(gateway, "POST", f"/{id}", {"label": ["x"]})).status == 400
        assert (await piles(gateway, "GET", f"/{id}")).json["label"] == {"a": "b"}


@pytest.mark.parametrize("bound", [{"state_depth": 3}, {"max_body": "150B"}])
async def test_a_conversation_that_is_too_long_is_told_so(bound: Json) -> None:
    async with office(Post("one", "two", "three", "four")) as upstream, running(configured(**bound)) as gateway:
        id = await pile(gateway)
        first, second = [await write(gateway, "far", word, pile=id) for word in "ab"]
        third = await write(gateway, "far", "c", pile=id)
        more = await piles(gateway, "POST", f"/{id}/letters", {"letters": [letter("x")]})
    assert (first.status, second.status) == (200, 200)
    assert trouble(third) == trouble(more) == (400, "garbled", "conversation_too_long")
    assert len(upstream.seen) == 2


async def test_what_is_in_the_conversation_already_is_not_said_twice() -> None:
    async with office(Post("one", "two")) as upstream, running(configured()) as gateway:
        id = await pile(gateway)
        await write(gateway, "far", "a", pile=id)
        known = (await piles(gateway, "GET", f"/{id}/letters")).json["letters"]
        refusal = await write(gateway, "far", "", pile=id, letters=[*known, letter("b")])
        assert trouble(refusal) == (400, "garbled", "duplicate_entry")
        assert (await write(gateway, "far", "b", pile=id)).status == 200
    assert len(upstream.seen) == 2


class Watched(MemoryStore):
    """A store that remembers what was added to conversations, and fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[str] = []
        self.broken = False

    def add_entries(
        self, conversation: str, entries: Sequence[Entry], now: float, bounds: Bounds
    ) -> Sequence[Entry] | None:
        if self.broken:
            raise StoreError("The store x cannot be used: disk.")
        self.added.append(conversation)
        return super().add_entries(conversation, entries, now, bounds)


def remembering(store: MemoryStore) -> Memory:
    return Memory(lambda: store, lambda: store)


@pytest.mark.parametrize("live", [False, True])
async def test_an_answer_that_its_conversation_cannot_know_is_none(live: bool) -> None:
    store = Watched()
    async with office(Post("one")), running(configured(), None, remembering(store)) as gateway:
        id = await pile(gateway)
        store.broken = True
        if live:  # its end is missing
            with pytest.raises((AssertionError, ConnectionError, EOFError, asyncio.IncompleteReadError)):
                assert b'"finis"' in (await write(gateway, "far", "a", pile=id, live=True)).body
        else:
            refusal = await write(gateway, "far", "a", pile=id)
            assert trouble(refusal)[2] == "state_unavailable"
        assert await words(gateway, id) == []


async def test_an_answer_that_a_provider_adds_to_its_conversation_costs_no_store() -> None:
    def broken() -> MemoryStore:
        raise StoreError("The store x cannot be used: disk.")

    memory = Memory(lambda: None, broken)
    async with office(Post("one")), running(configured(), None, memory) as gateway:
        assert (await write(gateway, "safe", "a", pile="theirs", file=False)).status == 200


async def test_an_answer_that_fails_adds_nothing() -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(
            b'data: {"step":"begin","letter":"up"}\n\ndata: {"step":"trouble","trouble":{"sort":"fire"}}\n\n'
        )

    store = Watched()
    async with office(script), running(configured(), None, remembering(store)) as gateway:
        id = await pile(gateway)
        await write(gateway, "far", "a", live=True, pile=id)
    assert store.added == []


async def test_a_client_that_leaves_in_the_middle_adds_nothing() -> None:
    async def script(scene: Scene) -> None:
        begun = b'data: {"step":"begin","letter":"up"}\n\ndata: {"step":"open","copy":0,"line":0,"sort":"text"}\n\n'
        more = b'data: {"step":"more","copy":0,"line":0,"words":"one"}\n\n'
        await scene.stream(begun + more, end=False)
        await scene.hold()

    store = Watched()
    async with office(script) as upstream, running(configured(), None, remembering(store)) as gateway:
        id = await pile(gateway)
        async with RawClient(gateway.port) as client:
            body = orjson.dumps({"to": "far", "live": True, "pile": id, "letters": [letter("a")]})
            await client.request("POST", "/letters", body, x_seal=KEY)
            await client.head()
            await client.chunk()
        await upstream.seen[0].gone.wait()
        await gateway.site.gateway.quiet.wait()
    assert store.added == []


async def test_a_conversation_that_is_deleted_meanwhile_stays_so() -> None:
    async def slow(scene: Scene) -> None:
        asked.set()
        await gate.wait()
        await Post("slow")(scene)

    asked, gate = asyncio.Event(), asyncio.Event()
    async with office(slow), running(configured()) as gateway:
        id = await pile(gateway)
        late = asyncio.create_task(write(gateway, "far", "a", pile=id))
        await asked.wait()
        await piles(gateway, "DELETE", f"/{id}")
        gate.set()
        assert (await late).status == 200
        assert trouble(await piles(gateway, "GET", f"/{id}")) == NO_PILE


async def test_a_conversation_that_a_provider_keeps_is_known_once_it_was_named() -> None:
    async def archive(scene: Scene) -> None:
        await scene.answer(b'{"anything":[1]}')

    async with office(Post("one", "two"), Post("two"), archive) as upstream, running(configured()) as gateway:
        assert trouble(await piles(gateway, "GET", "/theirs")) == NO_PILE, "nor is it asked of a provider that we guess"
        first = id_of(await write(gateway, "safe", "a", pile="theirs", file=False))
        assert (await write(gateway, "many", "b", pile="theirs")).status == 200
        refusal = await write(gateway, "far", "c", pile="theirs")
        assert trouble(refusal) == NO_PILE
        assert "another provider" in refusal.json["trouble"]["words"]
        assert trouble(await write(gateway, "safe", "c", THEIRS, pile="theirs")) == NO_PILE
        assert trouble(await piles(gateway, "GET", "/theirs", None, THEIRS)) == NO_PILE
        for method, path, body in (
            ("GET", "", None), ("POST", "", {"label": {"a": "b"}}), ("GET", "/letters?after=3&seal=x", None), ("DELETE", "", None),
        ):  # fmt: skip
            answer = await piles(gateway, method, f"/theirs{path}", body)
            assert (answer.status, answer.body) == (200, b'{"anything":[1]}')
        assert trouble(await piles(gateway, "GET", "/theirs")) == NO_PILE, "what is deleted there is forgotten here"
    assert first == "up-2", "the answer is the provider's own"
    assert [sent(upstream, number)["pile"] for number in (0, 1)] == ["theirs"] * 2
    lines = [seen.line.removesuffix(" HTTP/1.1") for seen in upstream.seen]
    up = "/archive/theirs"
    assert lines[:2] == ["POST /archive"] * 2
    assert lines[2:] == [f"GET {up}", f"POST {up}", f"GET {up}/letters?after=3", f"DELETE {up}"]
    assert orjson.loads(upstream.seen[3].body) == {"label": {"a": "b"}}


async def test_old_conversations_make_room() -> None:
    async with office(Post("one")), running(configured(state_count=4)) as gateway:
        first, second = [await pile(gateway, letters=[letter(word)]) for word in "ab"]
        assert (await write(gateway, "far", "c", pile=second, file=False)).status == 200
        assert trouble(await piles(gateway, "GET", f"/{first}")) == NO_PILE
        assert len(await words(gateway, second)) == 3
        assert trouble(await about(gateway, "GET", "ltr_0")) == NO_ANSWER
