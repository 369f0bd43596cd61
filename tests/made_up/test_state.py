"""Answers that requests go on from: kept here, or by a provider that can; on a made-up protocol."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from torouter.compile import Snapshot, compile_project
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.pipeline.memory import Memory
from torouter.store import Bounds, MemoryStore, StoredAnswer, StoreError

from tests.made_up.test_made_up import HERE
from tests.support.client import Answer, RawClient
from tests.support.gateway import free_port
from tests.support.running import Running, running
from tests.support.scripted import Scene, Script, Upstream

Json = dict[str, Any]

KEY, THEIRS = "wax", "tar"
PORT = free_port()
DECODE = """\
  state:
    previous: =body.follows
    conversation: =body.pile
    store: =body.file
"""
ENCODE = """\
  follows: =request.state.previous
  pile: =request.state.conversation
  file: =request.state.store
"""
STORED = """
deleted:
  letter: =stored.id
  burnt: true
items:
  $each: =body.letters
  $as: letter
  id:
    $first: [=letter.no, "{{ stored.id }}-{{ letter_index }}"]
  value: =letter
page:
  after: =query.after
  limit: =whole(query.limit)
  newest_first: =query.newest == 'yes'
inputs:
  letters:
    $first: [=page.items, []]
  from: =page.first
  to: =page.last
  more: =page.more
conversations:
  most: 3
  given:
    notes: =body.label
    entries: =body.letters
  request:
    $merge:
      - =body
      - letters: =joined(entries, body.letters)
  answered:
    - id: "{{ body.letter }}-answer"
      value:
        from: writer
        lines: "=body.copies[0].lines"
  entry:
    $merge:
      - =entry.value
      - no: =entry.id
  shown:
    pile: =conversation.id
    since: =conversation.created
    label:
      $first: [=conversation.notes, {}]
  deleted:
    pile: =conversation.id
    burnt: true
"""
ROUTES = """
surfaces:
  post: {{protocol: letters, default: true}}
auth:
  seal:
    - {{header: x-seal}}
endpoints:
  write:
    match: POST /letters
    surface: post
    protocol: letters
    operation: generate
    model: =body.to
    stream: =body.live
    state: {{keep: =body.file != false, previous: =body.follows, conversation: =body.pile, prefix: ltr_}}
    auth: seal
  read:
    match: GET /letters/{{id}}
    surface: post
    protocol: letters
    operation: stored
    answer: =path.id
    stream: =query.live == 'yes'
    seen: =whole(query.seen)
    auth: seal
    forward_query: [after]
  burn:
    extends: read
    match: DELETE /letters/{{id}}
    operation: stored.delete
  recall:
    extends: read
    match: POST /letters/{{id}}/recall
    operation: stored.cancel
  lines:
    extends: read
    match: GET /letters/{{id}}/lines
    operation: stored.inputs
  pile:
    match: GET /piles/{{id}}
    surface: post
    protocol: letters
    operation: conversation
    conversation: =path.id
    auth: seal
  pile-up: {{extends: pile, match: POST /piles, operation: conversation.create, conversation: null, prefix: pile_}}
  relabel: {{extends: pile, match: "POST /piles/{{id}}", operation: conversation.update}}
  burn-pile: {{extends: pile, match: "DELETE /piles/{{id}}", operation: conversation.delete}}
  leaves: {{extends: pile, match: "GET /piles/{{id}}/letters", operation: conversation.entries, forward_query: [after]}}
  add: {{extends: pile, match: "POST /piles/{{id}}/letters", operation: conversation.add}}
  leaf: {{extends: pile, match: "GET /piles/{{id}}/letters/{{no}}", operation: conversation.entry, entry: =path.no}}
  tear: {{extends: leaf, match: "DELETE /piles/{{id}}/letters/{{no}}", operation: conversation.entry.delete}}
providers:
  office: {{base_url: "{url}", allow_private: true, speaks: {{letters: {{path: /letters}}}}}}
  loft: {{base_url: "{url}", allow_private: true, speaks: {{pigeons: {{path: /pigeons}}}}}}
  archive:
    base_url: "{url}"
    allow_private: true
    speaks:
      letters:
        path: /archive
        stored: "/archive/{{{{ path.id | segment }}}}{{{{ '/recall' if operation == 'stored.cancel' else '/letters' if operation == 'conversation.entries' else '' }}}}"
  vault:
    extends: archive
    speaks:
      letters: {{path: /vault}}
models:
  far: {{targets: [{{provider: loft, model: tiny-9}}]}}
  near: {{targets: [{{provider: office, model: tiny-9}}]}}
  safe: {{targets: [{{provider: archive, model: tiny-9}}]}}
  many: {{targets: [{{provider: loft, model: a}}, {{provider: vault, model: b}}, {{provider: archive, model: c}}]}}
  pair: {{targets: [{{provider: office, model: a}}, {{provider: loft, model: b}}]}}
groups:
  default: {{models: ["*"], providers: ["*"]}}
  others: {{models: ["*"], providers: ["*"]}}
keys:
  ours: {{group: default, hash: "sha256:{ours}"}}
  theirs: {{group: others, hash: "sha256:{theirs}"}}
settings:
{settings}
"""


@cache
def configured(**settings: object) -> Snapshot:
    """Load the made-up protocol with state; `pigeons` are letters in another framing and of another family."""
    with TemporaryDirectory() as folder:
        return compiled(Path(folder), settings)


def compiled(folder: Path, settings: Mapping[str, object]) -> Snapshot:
    letters, pigeons = (folder / "transforms" / name for name in ("letters", "pigeons"))
    shutil.copytree(HERE / "transforms" / "letters", letters)
    (letters / "stored.encode.yaml").write_text(STORED, "utf-8")
    for kind, more in (("request.decode", DECODE), ("request.encode", ENCODE)):
        with (letters / f"{kind}.yaml").open("a") as file:
            file.write(more)
    shutil.copytree(letters, pigeons)
    for file in pigeons.glob("*.yaml"):
        text = file.read_text("utf-8").removesuffix(ENCODE)
        text = text.replace("'letters'", "'pigeons'").replace("protocol: letters", "protocol: pigeons")
        text = text.replace("family: letters", "family: pigeons").replace("kind: ndjson", "kind: sse")
        file.write_text(text, "utf-8")
    ours, theirs = (hashlib.sha256(key.encode()).hexdigest() for key in (KEY, THEIRS))
    more = "\n".join(f"  {name}: {value}" for name, value in {"workers": 1, **settings}.items())
    (folder / "routes.yaml").write_text(
        ROUTES.format(url=f"http://127.0.0.1:{PORT}", ours=ours, theirs=theirs, settings=more), "utf-8"
    )
    found = Diagnostics()
    snapshot = compile_project(load_project(folder, found, builtin=False), found)
    assert render_terminal(found) == ""
    return snapshot


class Post:
    """An upstream that answers every letter with the next word, whole or streamed as it is asked, and with an id."""

    def __init__(self, *words: str, stamp: str | None = None) -> None:
        self.words = list(words)
        self.stamp = stamp

    async def __call__(self, scene: Scene) -> None:
        count, word = len(self.words), self.words.pop(0) if self.words else "?"
        asked = orjson.loads(scene.seen.body)
        lines = [{"think": {"aloud": "Hm."}, "stamp": self.stamp}] if self.stamp else []
        lines.append({"say": word})
        if not asked.get("live"):
            copy = {"lines": lines, "ending": {"because": "done"}}
            await scene.answer(orjson.dumps({"letter": f"up-{count}", "by": asked["to"], "copies": [copy]}))
            return
        steps: list[object] = [
            {"step": "begin", "letter": f"up-{count}", "by": asked["to"]},
            {"step": "open", "copy": 0, "line": 0, "sort": "text"},
            {"step": "more", "copy": 0, "line": 0, "words": word},
            {"step": "sealed", "copy": 0, "because": "done"},
            "finis",
        ]
        data = [orjson.dumps(step) for step in steps]
        if "pigeons" in scene.seen.line:
            await scene.stream(b"".join(b"data: " + line + b"\n\n" for line in data))
        else:
            await scene.stream(b"".join(line + b"\n" for line in data), content_type="application/x-ndjson")


async def write(gateway: Running, model: str, say: str, key: str = KEY, **members: Any) -> Answer:
    body = {"to": model, "letters": [{"from": "reader", "lines": [{"say": say}]}], **members}
    return await gateway.ask("POST", "/letters", orjson.dumps(body), x_seal=key)


async def about(gateway: Running, method: str, path: str, key: str = KEY) -> Answer:
    return await gateway.ask(method, f"/letters/{path}", None, x_seal=key)


def office(*scripts: Script) -> Upstream:
    """The one place where all providers are."""
    return Upstream(*scripts, port=PORT)


def id_of(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    first = orjson.loads(answer.body.splitlines()[0])
    return str(first["letter"])


def sent(upstream: Upstream, number: int) -> Json:
    body: Json = orjson.loads(upstream.seen[number].body)
    return body


def said(body: Json) -> list[tuple[str, str]]:
    return [(it["from"], "".join(line.get("say", "") for line in it["lines"])) for it in body["letters"]]


def trouble(answer: Answer) -> tuple[int, str, str | None]:
    body = answer.json["trouble"]
    return answer.status, body["sort"], body.get("mark")


UNKNOWN = (400, "garbled", "previous_not_found")
NO_ANSWER = (404, "lost", "unknown_answer")


@pytest.mark.parametrize("live", [False, True])
async def test_a_request_goes_on_from_an_answer_that_its_target_does_not_know(live: bool) -> None:
    async with office(Post("one", "two", "three")) as upstream:
        async with running(configured()) as gateway:
            first = id_of(await write(gateway, "far", "a", live=live, brief=[{"say": "Be brief."}]))
            second = id_of(await write(gateway, "far", "b", live=live, follows=first))
            third = id_of(await write(gateway, "far", "c", live=live, follows=second))
    assert first.startswith("ltr_")
    assert len({first, second, third}) == 3
    one, two, three = (sent(upstream, number) for number in range(3))
    assert one["brief"] == [{"say": "Be brief."}]
    assert "brief" not in two, "instructions are those of each request"
    turns = [("reader", "a"), ("writer", "one"), ("reader", "b"), ("writer", "two"), ("reader", "c")]
    assert [said(one), said(two), said(three)] == [turns[:1], turns[:3], turns]
    assert not {"follows", "file"} & three.keys()


async def test_two_requests_may_go_on_from_one_answer() -> None:
    async with office(Post("one", "two", "three")) as upstream:
        async with running(configured()) as gateway:
            first = id_of(await write(gateway, "far", "a"))
            await write(gateway, "far", "b", follows=first)
            await write(gateway, "far", "c", follows=first)
    assert said(sent(upstream, 2)) == [("reader", "a"), ("writer", "one"), ("reader", "c")]


async def test_a_stream_is_kept_before_its_end_can_be_seen() -> None:
    class Slow(MemoryStore):
        def keep_answer(self, answer: StoredAnswer, bounds: Bounds) -> None:
            gate.wait(10)
            super().keep_answer(answer, bounds)

    gate, store = threading.Event(), Slow()
    async with office(Post("one")) as upstream:
        memory = Memory(lambda: store, lambda: store)
        async with running(configured(), None, memory) as gateway, RawClient(gateway.port) as client:
            body = orjson.dumps({"to": "far", "live": True, "letters": [{"from": "reader", "lines": "a"}]})
            await client.request("POST", "/letters", body, x_seal=KEY)
            reading = asyncio.create_task(client.answer())
            await upstream.arrived.wait()
            for _ in range(20):
                await asyncio.sleep(0.01)
                assert not reading.done()
            gate.set()
            answer = await reading
            assert answer.body.endswith(b'"finis"\n')
            assert (await about(gateway, "GET", id_of(answer))).status == 200


@pytest.mark.parametrize("live", [False, True])
async def test_what_is_not_to_be_kept_is_not(live: bool) -> None:
    async with office(Post("one")) as upstream, running(configured()) as gateway:
        first = id_of(await write(gateway, "far", "a", live=live, file=False))
        assert first == "up-1", "nor does it get a name of ours"
        assert trouble(await write(gateway, "far", "b", follows=first)) == UNKNOWN
        assert trouble(await about(gateway, "GET", first)) == NO_ANSWER
    assert len(upstream.seen) == 1


async def test_an_unknown_id_is_never_answered_without_what_was_said_before() -> None:
    async with office(Post()) as upstream, running(configured()) as gateway:
        assert trouble(await write(gateway, "far", "a", follows="ltr_0")) == UNKNOWN
        assert trouble(await write(gateway, "near", "a", follows="ltr_0")) == UNKNOWN
        assert (await write(gateway, "far", "a", follows=7)).status == 400
    assert upstream.seen == []


@pytest.mark.parametrize("model", ["far", "safe"])
async def test_a_key_of_another_group_sees_what_everybody_sees_of_an_unknown_id(model: str) -> None:
    async with office(Post("one", "two")) as upstream, running(configured()) as gateway:
        first = id_of(await write(gateway, model, "a"))
        for target in ("far", "safe"):
            assert trouble(await write(gateway, target, "b", THEIRS, follows=first)) == UNKNOWN
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/recall"), ("GET", "/lines")):
            theirs, nobodys = [await about(gateway, method, id + path, THEIRS) for id in (first, "ltr_0")]
            assert trouble(theirs) == trouble(nobodys) == NO_ANSWER
            assert theirs.body.replace(first.encode(), b"ltr_0") == nobodys.body
        assert len(upstream.seen) == 1
        assert (await write(gateway, model, "b", follows=first)).status == 200


async def test_an_answer_is_shown_again_as_it_was() -> None:
    async with office(Post("one", "two")), running(configured()) as gateway:
        whole = await write(gateway, "far", "a")
        assert whole.json["written_at"] > 0, "though the upstream says nothing of that"
        assert (await about(gateway, "GET", id_of(whole))).json == whole.json
        assert (await about(gateway, "GET", id_of(whole).replace("_", "%5F"))).json == whole.json
        streamed = id_of(await write(gateway, "far", "b", live=True))
        assert (await about(gateway, "GET", streamed)).json["copies"][0]["lines"] == [{"say": "two"}]


async def test_a_request_may_only_go_on_and_say_nothing_itself() -> None:
    async with office(Post("one", "two")) as upstream, running(configured()) as gateway:
        first = id_of(await write(gateway, "far", "a"))
        second = id_of(await write(gateway, "far", "", follows=first, letters=[]))
        shown = await about(gateway, "GET", second)
    assert said(sent(upstream, 1)) == [("reader", "a"), ("writer", "one")]
    assert shown.json["copies"][0]["lines"] == [{"say": "two"}]


async def test_a_kept_answer_is_streamed_again_as_it_was() -> None:
    async with office(Post("one")), running(configured()) as gateway:
        streamed = await write(gateway, "far", "a", live=True)
        first = id_of(streamed)
        again = await about(gateway, "GET", f"{first}?live=yes")
        rest = await about(gateway, "GET", f"{first}?live=yes&seen=1")
        nothing = await about(gateway, "GET", f"{first}?live=yes&seen=99")
    assert (again.status, again.headers["content-type"]) == (200, streamed.headers["content-type"])
    assert again.body == streamed.body
    assert rest.body.splitlines() == streamed.body.splitlines()[2:]
    assert (nothing.status, nothing.body) == (200, b"")


async def test_a_kept_answer_is_not_cancelled() -> None:
    async with office(Post("one")), running(configured()) as gateway:
        first = id_of(await write(gateway, "far", "a"))
        refusal = await about(gateway, "POST", f"{first}/recall")
    assert refusal.status == 400
    assert "background" in refusal.json["trouble"]["words"]


async def test_what_an_answer_was_asked_with_is_listed_by_pages() -> None:
    async with office(Post("one")), running(configured()) as gateway:
        letters = [{"from": "reader", "lines": [{"say": word}]} for word in "abc"]
        first = id_of(await write(gateway, "far", "", letters=letters))
        page = (await about(gateway, "GET", f"{first}/lines?limit=2")).json
        assert page == {"letters": letters[:2], "from": f"{first}-0", "to": f"{first}-1", "more": True}
        rest = (await about(gateway, "GET", f"{first}/lines?limit=2&after={page['to']}")).json
        assert rest == {"letters": letters[2:], "from": f"{first}-2", "to": f"{first}-2", "more": False}
        back = (await about(gateway, "GET", f"{first}/lines?newest=yes")).json
        assert back["letters"] == letters[::-1]
        assert (await about(gateway, "GET", f"{first}/lines?after=nowhere")).status == 400


async def test_what_is_deleted_is_gone_and_so_is_what_went_on_from_it() -> None:
    async with office(Post("one", "two", "three")):
        async with running(configured()) as gateway:
            first = id_of(await write(gateway, "far", "a"))
            second = id_of(await write(gateway, "far", "b", follows=first))
            third = id_of(await write(gateway, "far", "c", follows=second))
            gone = await about(gateway, "DELETE", second)
            assert (gone.status, gone.json) == (200, {"letter": second, "burnt": True})
            assert trouble(await about(gateway, "DELETE", second)) == NO_ANSWER
            refusal = await write(gateway, "far", "d", follows=third)
            assert trouble(refusal) == UNKNOWN
            assert second in refusal.json["trouble"]["words"]
            assert (await about(gateway, "GET", third)).status == 200
            assert (await write(gateway, "far", "d", follows=first)).status == 200


@pytest.mark.parametrize("bound", [{"state_depth": 1}, {"max_body": "250B"}])
async def test_a_conversation_that_is_too_long_is_told_so(bound: Json) -> None:
    async with office(Post("one", "two")) as upstream, running(configured(**bound)) as gateway:
        first = id_of(await write(gateway, "far", "a"))
        second = id_of(await write(gateway, "far", "b", follows=first))
        answer = await write(gateway, "far", "c", follows=second)
    assert trouble(answer) == (400, "garbled", "conversation_too_long")
    assert len(upstream.seen) == 2


async def test_old_conversations_make_room() -> None:
    async with office(Post("one", "two", "three")):
        async with running(configured(state_count=2)) as gateway:
            first, second, third = [id_of(await write(gateway, "far", word)) for word in "abc"]
            assert [(await about(gateway, "GET", id)).status for id in (first, second, third)] == [404, 200, 200]


async def test_what_its_provider_keeps_is_gone_on_with_there_and_not_kept_twice() -> None:
    store = MemoryStore()
    async with office(Post("one", "two", "three")) as upstream:
        memory = Memory(lambda: store, lambda: store)
        async with running(configured(), None, memory) as gateway:
            first = id_of(await write(gateway, "safe", "a"))
            second = id_of(await write(gateway, "safe", "b", follows=first, live=True))
            third = await write(gateway, "many", "c", follows=second)
    assert (first, second, third.status) == ("up-3", "up-2", 200)
    assert [seen.line.split()[1] for seen in upstream.seen] == ["/archive"] * 3, "not to another provider of the model"
    assert (said(sent(upstream, 1)), sent(upstream, 1)["follows"]) == ([("reader", "b")], first)
    kept = store.find_answer(second, 0.0)
    assert kept is not None
    assert (kept.provider, kept.size) == ("archive", 0)


async def test_what_another_provider_keeps_cannot_be_gone_on_with() -> None:
    async with office(Post("one")), running(configured()) as gateway:
        first = id_of(await write(gateway, "safe", "a"))
        answer = await write(gateway, "far", "b", follows=first)
    assert trouble(answer) == UNKNOWN
    assert "another provider" in answer.json["trouble"]["words"]


async def test_an_id_that_only_a_provider_can_know_reaches_those_that_keep_answers() -> None:
    async with office(Post("one", "two")) as upstream, running(configured()) as gateway:
        assert (await write(gateway, "safe", "a", follows="elsewhere")).status == 200
        assert (await write(gateway, "many", "a", follows="elsewhere")).status == 200
        assert trouble(await write(gateway, "pair", "a", follows="elsewhere")) == UNKNOWN
    assert [seen.line.split()[1] for seen in upstream.seen] == ["/archive", "/vault"]


async def test_a_provider_is_told_what_is_kept_here_and_not_to_keep_it() -> None:
    async with office(Post("one", "two", "three")) as upstream:
        async with running(configured()) as gateway:
            first = id_of(await write(gateway, "far", "a"))
            second = id_of(await write(gateway, "safe", "b", follows=first))
            third = await write(gateway, "far", "c", follows=second)
    assert second.startswith("ltr_")
    assert said(sent(upstream, 1)) == [("reader", "a"), ("writer", "one"), ("reader", "b")]
    assert (sent(upstream, 1)["file"], "follows" in sent(upstream, 1)) == (False, False)
    assert third.status == 200
    assert len(said(sent(upstream, 2))) == 5


@pytest.mark.parametrize("live", [False, True])
async def test_what_passes_through_to_a_provider_without_memory_is_kept_here(live: bool) -> None:
    async with office(Post("one", "two")) as upstream, running(configured()) as gateway:
        answer = await write(gateway, "near", "a", live=live, own="kept")
        first = id_of(answer)
        assert (first, sent(upstream, 0)["own"]) == ("up-2", "kept"), "byte for byte, there and back"
        await write(gateway, "far", "b", follows=first)
        shown = await about(gateway, "GET", first)
    assert said(sent(upstream, 1)) == [("reader", "a"), ("writer", "one"), ("reader", "b")]
    assert shown.json["letter"] == first


async def test_questions_about_an_answer_go_to_the_provider_that_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def archive(scene: Scene) -> None:
        await scene.answer(b'{"anything":[1]}')

    def slowly(store: MemoryStore, id: str) -> None:
        time.sleep(0.05)
        delete(store, id)

    delete = MemoryStore.delete_answer
    monkeypatch.setattr(MemoryStore, "delete_answer", slowly)
    async with office(Post("one"), archive) as upstream, running(configured()) as gateway:
        first = id_of(await write(gateway, "safe", "a"))
        for method, path in (("GET", "?after=3&seal=x"), ("POST", "/recall"), ("GET", "/lines"), ("DELETE", "")):
            answer = await about(gateway, method, first + path)
            assert (answer.status, answer.body) == (200, b'{"anything":[1]}')
        assert trouble(await about(gateway, "GET", first)) == NO_ANSWER, "what is deleted there is forgotten here"
    lines = [seen.line.removesuffix(" HTTP/1.1") for seen in upstream.seen[1:]]
    up = f"/archive/{first}"
    assert lines == [f"GET {up}?after=3", f"POST {up}/recall", f"GET {up}", f"DELETE {up}"]


async def test_a_conversation_that_a_provider_keeps_goes_to_no_other() -> None:
    async with office(Post("one")) as upstream, running(configured()) as gateway:
        assert trouble(await write(gateway, "far", "a", pile="p1")) == (404, "lost", "unknown_conversation")
        assert (await write(gateway, "many", "a", pile="p1")).status == 200
    assert (upstream.seen[0].line, sent(upstream, 0)["pile"]) == ("POST /vault HTTP/1.1", "p1")


async def test_a_client_that_leaves_in_the_middle_leaves_nothing() -> None:
    async def script(scene: Scene) -> None:
        begun = b'data: {"step":"begin","letter":"up"}\n\ndata: {"step":"open","copy":0,"line":0,"sort":"text"}\n\n'
        more = b'data: {"step":"more","copy":0,"line":0,"words":"one"}\n\n'
        await scene.stream(begun + more, end=False)
        await scene.hold()

    store = Counting()
    async with office(script) as upstream:
        memory = Memory(lambda: store, lambda: store)
        async with running(configured(), None, memory) as gateway:
            async with RawClient(gateway.port) as client:
                body = orjson.dumps({"to": "far", "live": True, "letters": [{"from": "reader", "lines": "a"}]})
                await client.request("POST", "/letters", body, x_seal=KEY)
                await client.head()
                await client.chunk()
            await upstream.seen[0].gone.wait()
            await gateway.site.gateway.quiet.wait()
    assert store.kept == []


async def test_an_answer_that_fails_is_not_kept() -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(
            b'data: {"step":"begin","letter":"up"}\n\ndata: {"step":"trouble","trouble":{"sort":"fire"}}\n\n'
        )

    store = Counting()
    async with office(script):
        memory = Memory(lambda: store, lambda: store)
        async with running(configured(), None, memory) as gateway:
            await write(gateway, "far", "a", live=True)
    assert store.kept == []


async def test_signatures_survive_and_keep_a_conversation_with_those_who_signed() -> None:
    async with office(Post("one", "two", "three", stamp="wax")) as upstream:
        async with running(configured()) as gateway:
            first = id_of(await write(gateway, "far", "a"))
            second = id_of(await write(gateway, "pair", "b", follows=first))
            await write(gateway, "near", "c", follows=second)
    assert upstream.seen[1].line == "POST /pigeons HTTP/1.1", "the second target of the model, but it signed"
    thought = sent(upstream, 1)["letters"][1]["lines"][0]
    assert (thought["think"]["aloud"], thought["stamp"]) == ("Hm.", "wax")
    foreign = sent(upstream, 2)["letters"][1]["lines"][0]
    assert (foreign["think"]["aloud"], "stamp" in foreign) == ("Hm.", False)


async def test_a_store_that_cannot_be_used_is_told_and_costs_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> MemoryStore:
        raise StoreError("The store x cannot be used: disk.")

    async with office(Post("one")):
        async with running(configured(), None, Memory(broken, broken)) as gateway:
            assert id_of(await write(gateway, "far", "a")).startswith("ltr_")
            refusal = await write(gateway, "far", "b", follows="ltr_0")
            assert (refusal.status, refusal.json["trouble"]["mark"]) == (500, "state_unavailable")
    assert "an answer is not kept: The store x cannot be used" in caplog.text
    assert "disk" not in refusal.body.decode()


class Counting(MemoryStore):
    """A store that remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def keep_answer(self, answer: StoredAnswer, bounds: Bounds) -> None:
        self.kept.append(answer.id)
        super().keep_answer(answer, bounds)


async def test_nothing_is_kept_twice() -> None:
    store = Counting()
    async with office(Post("one", "two", "three", "four")):
        memory = Memory(lambda: store, lambda: store)
        async with running(configured(), None, memory) as gateway:
            ids = [id_of(await write(gateway, name, "a", live=True)) for name in ("far", "near", "safe")]
    assert store.kept == ids
