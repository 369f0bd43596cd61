"""Bodies that mean harm: nothing of them is looked up, fetched, run or changed, and none costs more than a refusal."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from itertools import product
from typing import Any

import orjson
import pytest

from tests.hostile.scenery import EXPIRED, scenery
from tests.hostile.surfaces import SURFACES, TALKS, Surface, with_image, with_text, with_tool
from tests.support.client import Answer, RawClient, request
from tests.support.fake import KEY
from tests.support.gateway import free_port

PAIRS = list(product(TALKS, TALKS))
NAMED = [name for name, surface in SURFACES.items() if surface.names_model]


def nested(body: bytes, depth: int) -> bytes:
    """The body with so deep a schema in the place of its marker."""
    pairs = depth // 2
    return body.replace(b'"deep"', b'{"type":"object","properties":{"a":' * pairs + b'{"type":"string"}' + b"}}" * pairs)


def is_refusal(surface: Surface, answer: Answer, *statuses: int) -> bool:
    return answer.status in statuses and surface.shaped(answer.status, answer.json)


def texts(value: Any) -> list[str]:
    """Every text of a document."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in texts(item)]


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_a_body_that_is_nested_deeply_is_translated_or_refused_as_too_deep(client: str, upstream: str, caplog: pytest.LogCaptureFixture) -> None:
    surface = SURFACES[client]
    async with scenery() as scene:
        for deep, depth in product((with_tool(surface, "deep"), {"x": "deep"}), (60, 240, 300, 600, 1000)):
            answer = await scene.ask(surface, f"to-{upstream}", nested(surface.body(f"to-{upstream}", **deep), depth))
            assert answer.status == 200 or (depth > 60 and is_refusal(surface, answer, 400)), (depth, answer.body)
    assert faults(caplog) == []


@pytest.mark.parametrize("client", SURFACES)
async def test_a_body_of_very_many_members_or_items_is_answered(client: str, caplog: pytest.LogCaptureFixture) -> None:
    surface = SURFACES[client]
    async with scenery() as scene:
        many = await scene.ask(surface, surface.model, surface.body(**{f"k{number}": 0 for number in range(100_000)}))
        assert is_refusal(surface, many, 400)
        wide = await scene.ask(surface, surface.model, surface.body(metadata={f"k{number}": 0 for number in range(50_000)}, x=[0] * 100_000))
        assert wide.status in (200, 400)
        full = await scene.ask(surface, surface.model, nested(surface.body(x="deep"), 2).replace(b'"object"', b"[" + b"[]," * 1_000_001 + b"0]"))
        assert is_refusal(surface, full, 400)
        assert b"too_many_members" in full.body
    assert faults(caplog) == []


@pytest.mark.parametrize("client", SURFACES)
async def test_numbers_pass_as_they_are_written(client: str) -> None:
    surface = SURFACES[client]
    numbers = b'"x_numbers":[-0,1.0,9007199254740993,18446744073709551616,1E2,' + b"1" * 300 + b"]"
    async with scenery() as scene:
        answer = await scene.ask(surface, surface.model, surface.body()[:-1] + b"," + numbers + b"}")
        assert answer.status == 200
        assert numbers in scene.seen[0].body


@pytest.mark.parametrize("client", SURFACES)
async def test_a_text_may_hold_any_letter_and_a_model_only_those_that_show(client: str) -> None:
    surface = SURFACES[client]
    text = "\0\ufffe\U0010ffff\u202e\x1b[31m"
    async with scenery() as scene:
        assert (await scene.ask(surface, surface.model, surface.body(**with_text(surface, text)))).status == 200
        assert text in texts(orjson.loads(scene.seen[0].body))


@pytest.mark.parametrize("client", NAMED)
@pytest.mark.parametrize(("model", "status"), [
    (None, 400), ("", 400), (1, 400), ({}, 400), ([], 400), ("x" * 10_000, 400), ("a\0", 400), ("a\nb", 400), ("a\x1b[31m", 400), ("\u202ea", 400),
    (" ", 404), ("😀", 404), ("модель", 404), ("../../x", 404), ("%2e%2e%2f", 404), ("a/b/c", 404), ("..\\", 404), ("//evil", 404), ("http://evil", 404),
    ("a?key=x", 404), ("a#f", 404), ("a:streamGenerateContent", 404), ("@evil", 404), ("{{7*7}}", 404), ("${7*7}", 404), ("' OR 1=1 --", 404), ("*", 404),
])  # fmt: skip
async def test_a_model_is_a_name_and_nothing_else(client: str, model: Any, status: int) -> None:
    surface = SURFACES[client]
    async with scenery() as scene:
        answer = await scene.ask(surface, surface.model, surface.body(model=model))
        assert is_refusal(surface, answer, status)
        assert len(answer.body) < 500
        assert "49" not in answer.json["error"]["message"]
        assert scene.seen == []


@pytest.mark.parametrize("model", ["%7B%7B7*7%7D%7D", "http:%2f%2fevil", "a%3Fkey=x", "a%23f", "@evil", "%0a", "%00", "%F0%9F%98%80", "x" * 5000])
async def test_a_model_in_an_address_is_a_name_and_nothing_else(model: str) -> None:
    surface = SURFACES["gemini-generate"]
    async with scenery() as scene:
        answer = await scene.gateway.ask("POST", f"/v1beta/models/{model}:generateContent", surface.body())
        assert is_refusal(surface, answer, 400, 404)
        assert len(answer.body) < 700
        assert scene.seen == []


OURS = {
    "api_base": "http://127.0.0.1:{port}", "base_url": "http://127.0.0.1:{port}", "api_key": "sk-evil", "custom_llm_provider": "evil", "fallbacks": ["x"],
    "extra_headers": {"x-api-key": "evil", "authorization": "evil"}, "mock_response": "mocked", "config": {"base_url": "http://127.0.0.1:{port}"}, "timeout": 0,
    "provider": "evil", "targets": [{"provider": "evil"}], "metadata": {"user_api_key": "evil"},
}  # fmt: skip


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_members_that_look_like_ours_steer_nothing(client: str, upstream: str) -> None:
    surface, touched = SURFACES[client], []
    async with Canary(touched) as port, scenery() as scene:
        ours = json.loads(json.dumps(OURS).replace("{port}", str(port)))
        answer = await scene.ask(surface, f"to-{upstream}", surface.body(f"to-{upstream}", **ours), x_base_url=f"http://127.0.0.1:{port}")
        assert answer.status in (200, 400)
        assert [seen.line.split(" ")[1] for seen in scene.seen] == [f"/{upstream}"] * len(scene.seen)
        assert not any("evil" in value for seen in scene.seen for value in seen.headers.values())
        assert b"mocked" not in answer.body
    assert touched == []


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_templates_in_a_text_reach_every_upstream_letter_by_letter(client: str, upstream: str) -> None:
    surface = SURFACES[client]
    text = "{{7*7}} {% for x in y %} ${7*7} #{7*7} [?x==`1`] {0.__class__} %s %(a)s =body.model {{request.text}} \\u0041 <script>"
    async with scenery() as scene:
        said = {**with_text(surface, text), **with_tool(surface, {"type": "object", "properties": {"{{7*7}}": {"type": "string", "description": text}}})}
        answer = await scene.ask(surface, f"to-{upstream}", surface.body(f"to-{upstream}", **said))
        assert answer.status == 200
        sent = orjson.loads(scene.seen[0].body)
        assert texts(sent).count(text) == 2
        assert b'"{{7*7}}":' in orjson.dumps(sent)


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_keys_of_languages_are_data(client: str, upstream: str, caplog: pytest.LogCaptureFixture) -> None:
    surface = SURFACES[client]
    odd = {"__proto__": {"a": 1}, "constructor": {"prototype": {}}, "__class__": "x", "__init__": None, "$ref": "#/a", "$where": "1"}
    async with scenery() as scene:
        schema = {"type": "object", "properties": {name: {"type": "string"} for name in odd}}
        answer = await scene.ask(surface, f"to-{upstream}", surface.body(f"to-{upstream}", **odd, **with_tool(surface, schema)))
        assert answer.status in (200, 400)
        assert all(name.encode() in scene.seen[0].body for name in odd) if scene.seen else answer.status == 400
    assert faults(caplog) == []


ADDRESSES = (
    "http://127.0.0.1:{port}/", "http://127.1:{port}/", "http://2130706433:{port}/", "http://0x7f.1:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
    "http://ok@127.0.0.1:{port}/", "http://ok\\@127.0.0.1:{port}/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/", "data:text/html,<script>",
    "data:image/png;base64,!!!", "data:image/svg+xml;base64,PHN2Zz4=", "data:,", "",
)  # fmt: skip


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_an_address_in_a_body_is_never_fetched(client: str, upstream: str, caplog: pytest.LogCaptureFixture) -> None:
    surface, touched = SURFACES[client], []
    async with Canary(touched) as port, scenery() as scene:
        for address in ADDRESSES:
            url = address.replace("{port}", str(port))
            answer = await scene.ask(surface, f"to-{upstream}", surface.body(f"to-{upstream}", **with_image(surface, url)))
            assert answer.status == 200 or is_refusal(surface, answer, 400), address
            assert b"root:" not in answer.body
    assert touched == []
    assert faults(caplog) == []


ODD = {
    "max_tokens": [0, -1, 10**12, "5", 1.5, math.pi, None, [], {}], "temperature": ["hot", -1, 1e300], "n": [10_000, 0, "1"], "stop": [["x"] * 1000, "", 5, [None]],
    "stream": ["true", 1, [], None], "messages": [[], {}, "x", [1], [None], [[]], [{"role": "x"}], [{"role": None, "content": None}]],
    "input": [[], {}, 1, [None], [{"type": "x"}]], "contents": [[], {}, "x", [1], [None], [{"parts": "x"}], [{"parts": [None]}]],
    "tools": [[], {}, "x", [None], [{"type": "function"}], [{"name": {}}]], "system": [1, [1], {}], "metadata": ["x", [], {"a": []}],
    "generationConfig": [[], "x", {"maxOutputTokens": "5", "stopSequences": "x"}],
}  # fmt: skip


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_odd_values_are_passed_on_or_refused_and_never_a_fault_of_ours(client: str, upstream: str, caplog: pytest.LogCaptureFixture) -> None:
    surface = SURFACES[client]
    async with scenery() as scene:
        for name, values in ODD.items():
            for value in values:
                answer = await scene.ask(surface, f"to-{upstream}", surface.body(f"to-{upstream}", **{name: value}))
                # the upstream here does not stream: who asked for a stream may be told so
                assert answer.status in (200, 502) or is_refusal(surface, answer, 400), (name, value, answer.body)
    assert faults(caplog) == []


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
async def test_very_many_tools_and_costly_patterns_are_only_passed_on(client: str, upstream: str) -> None:
    surface = SURFACES[client]
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$", "default": "a" * 40 + "!"}}}
    [[name, [tool]]] = with_tool(surface, schema).items()
    async with scenery() as scene:
        answer = await scene.ask(surface, f"to-{upstream}", surface.body(f"to-{upstream}", **{name: [tool] * 2000}))
        assert answer.status in (200, 400)


@pytest.mark.parametrize("client", SURFACES)
async def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_not(client: str) -> None:
    surface = SURFACES[client]
    async with scenery(max_body=1000) as scene:
        for size, status in ((999, 200), (1000, 200), (1001, 413)):
            body = surface.body(x="")
            body = body[:-2] + b"x" * (size - len(body)) + body[-2:]
            answer = await scene.ask(surface, surface.model, body)
            assert answer.status == status
        assert is_refusal(surface, answer, 413)


@pytest.mark.parametrize("client", SURFACES)
async def test_a_body_that_stops_half_way_is_not_waited_for_without_end(client: str) -> None:
    surface = SURFACES[client]
    async with scenery(body_timeout=0.1) as scene, RawClient(scene.gateway.port) as stalled:
        await stalled.send(request("POST", surface.path, None, Content_Length="1000") + b'{"model":')
        answer = await stalled.answer()
        assert is_refusal(surface, answer, 408)
        assert await stalled.closed()


@pytest.mark.parametrize("client", TALKS)
async def test_forwarded_headers_carry_no_lines_and_strange_ones_stay_here(client: str) -> None:
    surface = SURFACES[client]
    odd = {"anthropic_beta": "caf\xe9", "openai_organization": "x" * 8000, "x_request_id": "theirs", "traceparent": "00-evil", "cookie": "a=b", "x_forwarded_for": "1.2.3.4"}
    async with scenery() as scene:
        answer = await scene.ask(surface, surface.model, surface.body(), **odd)
        assert answer.status == 200
        [seen] = scene.seen
        assert not {"x-request-id", "traceparent", "cookie", "x-forwarded-for", "authorization", "x-api-key", "x-goog-api-key"} & set(seen.headers)
        assert "caf" not in seen.head.decode("latin-1")
        assert answer.headers["x-request-id"] != "theirs"


@pytest.mark.parametrize("name", ["..", "../..", "%2e%2e", "resp_x%00", "resp_'--", "resp_" + "x" * 3000, "*"])
async def test_the_id_of_an_answer_is_looked_up_and_nothing_else(name: str) -> None:
    async with scenery() as scene:
        for method in ("GET", "DELETE"):
            answer = await scene.gateway.ask(method, f"/v1/responses/{name}")
            assert is_refusal(SURFACES["openai-responses"], answer, 400, 404)
        assert scene.seen == []


@pytest.mark.parametrize("client", SURFACES)
async def test_what_a_client_writes_breaks_no_line_of_the_log(client: str, caplog: pytest.LogCaptureFixture) -> None:
    surface = SURFACES[client]
    odd = "a\"},{\"b\":\"%0aevil"
    async with scenery() as scene:
        with caplog.at_level(logging.INFO):
            await scene.gateway.ask("POST", f"{surface.path}%22%7D%0a%1b%5b31m?key={KEY}", surface.body(), user_agent=odd)
            await scene.ask(surface, odd, surface.body(odd))
            await scene.gateway.ask("POST", surface.path, surface.body(), key=EXPIRED)
    lines = [record.getMessage() for record in caplog.records if record.name == "torouter.access"]
    assert len(lines) == 3
    for line in lines:
        assert isinstance(json.loads(line), dict)
        assert "\n" not in line
        assert "\x1b" not in line
        assert KEY not in line
        assert EXPIRED not in line


class Canary:
    """A port that nobody may touch; whoever does is noted."""

    def __init__(self, touched: list[str]) -> None:
        self._touched = touched

    async def __aenter__(self) -> int:
        def touch(_: object, writer: asyncio.StreamWriter) -> None:
            self._touched.append("touched")
            writer.close()

        port = free_port()
        self._server = await asyncio.start_server(touch, "127.0.0.1", port)
        return port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
