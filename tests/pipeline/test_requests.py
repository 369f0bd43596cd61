"""What a request must be before anything is sent upstream, and in which protocol it is refused."""

from __future__ import annotations

import dataclasses
import time

import pytest
from torouter.config.model import Refusal
from torouter.pipeline.credential import digest
from torouter.pipeline.keys import KeyRing
from torouter.store import MemoryStore, StoredKey

from tests.support.client import RawClient, request
from tests.support.fake import KEY, SSE, FakeEndpoint, FakeKey, FakeProvider, FakeSnapshot, FakeTarget
from tests.support.running import Running, running

NOWHERE = FakeTarget(FakeProvider("http://127.0.0.1:1"))


def snapshot(**changes: object) -> FakeSnapshot:
    return dataclasses.replace(FakeSnapshot({"known": [NOWHERE], "other/deep": [NOWHERE]}), **changes)


async def refused(gateway: Running, *args: object, **options: object) -> tuple[int, str, str | None]:
    answer = await gateway.ask(*args, **options)  # type: ignore[arg-type]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-fault"] == answer.headers["x-request-id"]
    return answer.status, answer.json["of"], answer.json["code"]


@pytest.mark.parametrize("method, path, expected", [
    ("POST", "/sse/nothing", (404, "sse-talk", "unknown_endpoint")),
    ("POST", "/api/sse/nothing", (404, "sse-talk", "unknown_endpoint")),
    ("POST", "/nothing", (404, "line-talk", "unknown_endpoint")),
    ("GET", "/sse/talk", (405, "sse-talk", None)),
    ("POST", "/sse/../lines/talk", (400, "sse-talk", "illegal_path")),
    ("POST", "/sse/%2e%2e/talk", (400, "sse-talk", "illegal_path")),
    ("POST", "/sse/%252e/talk", (400, "sse-talk", "illegal_path")),
    ("POST", "/sse/talk%00", (400, "sse-talk", "illegal_path")),
    ("POST", "/sse/%ff", (400, "sse-talk", None)),
])  # fmt: skip
async def test_no_endpoint_is_an_error_in_the_protocol_of_its_surface(
    method: str, path: str, expected: tuple[int, str, str | None]
) -> None:
    async with running(snapshot()) as gateway:
        assert await refused(gateway, method, path, b"{}") == expected


async def test_a_known_path_says_which_method_it_takes() -> None:
    async with running(snapshot()) as gateway:
        answer = await gateway.ask("GET", "/sse/talk")
        assert answer.headers["allow"] == "POST"
        assert answer.json["fault"] == "/sse/talk answers POST only."


@pytest.mark.parametrize("method, path, hint", [
    ("POST", "/sse/talks", " Did you mean /sse/talk?"),
    ("GET", "/sse/model", " Did you mean /sse/models?"),
    ("POST", "/api/sse/talks", " Did you mean /api/sse/talk?"),
    ("GET", "/sse/talks", ""),
    ("POST", "/elsewhere", ""),
    ("GET", "/sse/models/knwn", " Did you mean known?"),
])  # fmt: skip
async def test_an_address_and_a_model_that_are_misspelt_are_put_right(method: str, path: str, hint: str) -> None:
    async with running(snapshot()) as gateway:
        fault = (await gateway.ask(method, path, b"{}" if method == "POST" else b"")).json["fault"]
        assert fault.partition(".")[2] == hint


@pytest.mark.parametrize("path", ["/sse/models", "/api/sse/models", "/sse/models/", "/sse/models?x=1&x=2"])
async def test_mounts_closing_slashes_and_unknown_query_members_change_nothing(path: str) -> None:
    async with running(snapshot()) as gateway:
        assert (await gateway.ask("GET", path)).json == {"all": ["known", "other/deep"]}


async def test_a_value_in_the_path_is_decoded_once_and_may_hold_slashes_where_declared() -> None:
    async with running(snapshot()) as gateway:
        for path in ("/sse/models/other/deep", "/sse/models/other%2Fdeep"):
            assert (await gateway.ask("GET", path)).json == {"one": "other/deep"}
        assert await refused(gateway, "GET", "/sse/models/none") == (404, "sse-talk", None)
        assert await refused(gateway, "POST", "/lines/models/a/b:talk", b"{}") == (404, "line-talk", "unknown_endpoint")


async def test_a_condition_decides_between_endpoints_of_one_path() -> None:
    first = FakeEndpoint("first", "GET", "/list", SSE, operation="models", when=lambda roots: "x-a" in roots["headers"])
    second = FakeEndpoint("second", "GET", "/list", SSE, operation="model", model=lambda roots: "known")
    async with running(snapshot(endpoints=(first, second))) as gateway:
        assert "all" in (await gateway.ask("GET", "/list", x_a="1")).json
        assert "one" in (await gateway.ask("GET", "/list")).json


@pytest.mark.parametrize(("status", "kind"), [(426, "invalid_request"), (404, "not_found"), (410, "invalid_request"), (503, "unavailable")])
async def test_an_endpoint_may_refuse_every_request_before_it_looks_at_a_key(status: int, kind: str) -> None:
    refusal = Refusal(status, "Not this way.", code="elsewhere", headers={"x-way": "that"})
    refusing = FakeEndpoint("no", "GET", "/sse/talk", SSE, operation="refuse", refusal=refusal)
    async with running(snapshot(endpoints=(refusing,))) as gateway:
        answer = await gateway.ask("GET", "/sse/talk", key=None)
        assert (answer.status, answer.headers["x-way"]) == (status, "that")
        assert answer.json == {"fault": "Not this way.", "kind": kind, "of": "sse-talk", "code": "elsewhere"}


@pytest.mark.parametrize("options", [
    {}, {"key": None, "x_key": KEY}, {"x_key": KEY}, {"key": None, "authorization": f"bearer  {KEY} "},
])  # fmt: skip
async def test_a_credential_may_stand_in_any_declared_place(options: dict[str, str | None]) -> None:
    async with running(snapshot()) as gateway:
        assert (await gateway.ask("GET", "/sse/models", **options)).status == 200
        assert (await gateway.ask("GET", f"/sse/models?key={KEY}", key=None)).status == 200


@pytest.mark.parametrize("options, expected", [
    ({"key": None}, (401, "sse-talk", None)),
    ({"key": ""}, (401, "sse-talk", None)),
    ({"key": None, "authorization": "Basic abc"}, (401, "sse-talk", None)),
    ({"key": "wrong"}, (401, "sse-talk", None)),
    ({"key": KEY + "x"}, (401, "sse-talk", None)),
    ({"key": "\xe9"}, (401, "sse-talk", None)),
    ({"key": "k" * 5000}, (401, "sse-talk", None)),
    ({"x_key": "another"}, (400, "sse-talk", "conflicting_credentials")),
])  # fmt: skip
async def test_a_bad_credential_is_refused_before_the_body_is_looked_at(
    options: dict[str, str | None], expected: tuple[int, str, str | None]
) -> None:
    async with running(snapshot()) as gateway:
        assert await refused(gateway, "POST", "/sse/talk", b"not json", **options) == expected


@pytest.mark.parametrize("key", [FakeKey(disabled=True), FakeKey(expires=time.time() - 1)])
async def test_a_key_that_is_not_valid_now_is_like_an_unknown_one(key: FakeKey) -> None:
    async with running(snapshot(keys={digest(KEY): key})) as gateway:
        assert await refused(gateway, "GET", "/sse/models") == (401, "sse-talk", None)


@pytest.mark.parametrize("body, code, words", [
    (b"", "invalid_json", "empty"),
    (b"{", "invalid_json", "line 1 column"),
    (b'{"model":\n "known",}', "invalid_json", "line 2 column"),
    (b'{"model":"\xff"}', "invalid_json", "JSON"),
    (b'{"model":"\\ud800"}', "invalid_json", "JSON"),
    (b'{"model":NaN}', "invalid_json", "JSON"),
    (b'\xef\xbb\xbf{"model":"known"}', "invalid_json", "JSON"),
    (b"[" * 5000, "invalid_json", "JSON"),
    (b"[]", "invalid_json", "object"),
    (b"null", "invalid_json", "object"),
    (b"{}", "missing_model", "no model"),
    (b'{"model":1}', "missing_model", "no model"),
    (b'{"model":""}', "missing_model", "no model"),
    (b'{"model":"a\\u0000"}', "invalid_model", "name"),
    (b'{"model":"' + b"a" * 300 + b'"}', "invalid_model", "name"),
    (b'{"model":"known","model":"other/deep"}', "duplicate_key", "twice"),
    (b'{"model":"known","\\u006dodel":"other/deep"}', "duplicate_key", "twice"),
])  # fmt: skip
async def test_a_malformed_body_is_refused_with_its_fault_and_not_echoed(body: bytes, code: str, words: str) -> None:
    async with running(snapshot()) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", body)
        assert (answer.status, answer.json["code"]) == (400, code)
        assert words in answer.json["fault"]


async def test_an_unknown_model_is_named_shortly_with_a_suggestion() -> None:
    async with running(snapshot()) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"knwon"}')
        assert (answer.status, answer.json["code"]) == (404, None)
        assert "Did you mean known?" in answer.json["fault"]
        long = await gateway.ask("POST", "/sse/talk", b'{"model":"' + b"z" * 200 + b'"}')
        assert len(long.json["fault"]) < 120


@pytest.mark.parametrize("model", ["../x", "a?key=x", "http://evil", "{{7*7}}", "a#f", "//evil"])
async def test_a_model_is_looked_up_and_never_becomes_part_of_an_address(model: str) -> None:
    async with running(snapshot()) as gateway:
        assert (await gateway.ask("POST", "/sse/talk", b'{"model":"%b"}' % model.encode())).status == 404


async def test_too_large_a_body_is_refused_before_it_is_read() -> None:
    async with running(snapshot()) as gateway, RawClient(gateway.port) as client:
        head = request("POST", "/sse/talk", None, Content_Length="300000", Content_Type="application/json")
        await client.send(head + b"x" * 1000)
        answer = await client.answer()
        assert (answer.status, answer.json["code"], answer.headers["connection"]) == (413, None, "close")


async def test_a_coded_body_is_refused() -> None:
    async with running(snapshot()) as gateway:
        assert (await refused(gateway, "POST", "/sse/talk", b"{}", Content_Encoding="gzip"))[0] == 415


async def test_when_nothing_can_be_reached_the_gateway_says_so_without_naming_an_address() -> None:
    async with running(snapshot()) as gateway:
        answer = await gateway.ask("POST", "/sse/talk", b'{"model":"known"}')
        assert (answer.status, answer.json["code"]) == (502, "upstream_unreachable")
        assert b"127.0.0.1" not in answer.body


async def test_a_key_of_the_store_opens_what_its_group_may_use_until_it_ends() -> None:
    store = MemoryStore()
    store.add_key(StoredKey("ci", "all", digest("sk-stored"), "sk-…", created=1.0))
    store.add_key(StoredKey("old", "all", digest("sk-ended"), "sk-…", created=1.0, expires=2.0))
    async with running(snapshot(), KeyRing({}, lambda: store)) as gateway:
        assert (await gateway.ask("GET", "/sse/models", key="sk-stored")).json == {"all": ["known", "other/deep"]}
        assert (await refused(gateway, "GET", "/sse/models", key="sk-ended"))[0] == 401
        assert (await refused(gateway, "GET", "/sse/models", key="sk-other"))[0] == 401
