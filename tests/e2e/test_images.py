"""Images through the real server: forms pass as they arrive, streams come whole or end in an error."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Any

import orjson
import pytest
from openai import APIError, BadRequestError, OpenAI
from torouter.wire.multipart import Reader, boundary_of

from tests.e2e.other import Scenery, answering, by_hand, scenery
from tests.support.client import RawClient
from tests.support.fake import KEY
from tests.support.scripted import Scene, Seen

pytestmark = pytest.mark.usefixtures("held")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
B64 = base64.b64encode(PNG).decode()
MADE = {"created": 7, "data": [{"b64_json": B64}], "size": "1024x1024", "output_format": "png", "usage": {"input_tokens": 3, "output_tokens": 9, "total_tokens": 12}}
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [
        {"inlineData": {"mimeType": "image/png", "data": "ZHJhZnQ="}, "thought": True},
        {"text": "Here it is."},
        {"inlineData": {"mimeType": "image/png", "data": B64}},
    ]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 1290, "totalTokenCount": 1295},
}  # fmt: skip
BOUNDARY = "cut-here"


def form(*parts: tuple[str, bytes], files: str = "image") -> bytes:
    """A form; parts whose name begins with `files` are files."""
    body = b""
    for name, content in parts:
        file = f'; filename="{name[:1]}.png"\r\nContent-Type: image/png' if name.startswith(files) else ""
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def parts_of(seen: Seen) -> list[tuple[str, str | None, str | None, bytes]]:
    """What a form that arrived holds: names, names of files, media types and contents."""
    reader = Reader(boundary_of(seen.headers["content-type"]))
    found: list[tuple[str, str | None, str | None, bytes]] = []
    for piece in reader.feed(seen.body):
        if piece.kind == "frame" and piece.part is not None:
            found.append((piece.part.name, piece.part.file, piece.part.media_type, b""))
        elif piece.kind == "data":
            name, file, media_type, content = found[-1]
            found[-1] = (name, file, media_type, content + piece.raw)
    reader.close()
    return found


def library(scene: Scenery) -> OpenAI:
    return OpenAI(base_url=f"{scene.url}/v1", api_key=KEY, max_retries=0)


async def call(function: Any) -> Any:
    """Run a blocking library beside the server."""
    return await asyncio.to_thread(function)


@pytest.mark.parametrize("mount", ["", "/api"])
async def test_images_are_made_by_the_upstream_of_the_same_protocol(mount: str) -> None:
    async with scenery(answering(MADE)) as scene:
        got = await scene.ask(f"{mount}/v1/images/generations", {"model": "alias-image", "prompt": "a cat", "new": [1]})
        assert got.json == MADE
        assert scene.seen.line == "POST /v1/images/generations HTTP/1.1"
        assert orjson.loads(scene.seen.body) == {"model": "gpt-image-1", "prompt": "a cat", "new": [1]}


FORMS = {
    "one image": lambda: {"image": ("a.png", PNG, "image/png")},
    "a list of one": lambda: {"image": [("a.png", PNG, "image/png")]},
    "several": lambda: {"image": [("a.png", PNG, "image/png"), ("b.png", PNG[::-1], "image/png")]},
    "bytes": lambda: {"image": PNG},
    "with a mask": lambda: {"image": ("a.png", PNG, "image/png"), "mask": ("m.png", PNG, "image/png"), "background": "transparent"},
}


@pytest.mark.parametrize("model", ["gpt-image-1", "alias-image"])
@pytest.mark.parametrize("given", FORMS.values(), ids=FORMS)
async def test_every_form_of_the_library_arrives_with_nothing_changed_but_the_name(model: str, given: Any) -> None:
    async with scenery(answering(MADE)) as scene:
        got = await call(lambda: library(scene).images.edit(model=model, prompt="hat é", n=2, **given()))
        assert got.data[0].b64_json == B64
        [seen] = scene.upstream.seen
        assert seen.line == "POST /v1/images/edits HTTP/1.1"
        assert int(seen.headers["content-length"]) == len(seen.body)
        parts = parts_of(seen)
        assert ("model", None, None, b"gpt-image-1") in parts
        assert ("prompt", None, None, "hat é".encode()) in parts
        images = [content for name, file, _, content in parts if name in ("image", "image[]") and file]
        assert images in ([PNG], [PNG, PNG[::-1]])


@pytest.mark.parametrize("pieces", [1, 7, 500])
@pytest.mark.parametrize("model", ["gpt-image-1", "alias-image"])
async def test_a_form_is_passed_on_byte_for_byte_wherever_the_model_stands(model: str, pieces: int) -> None:
    orders = [["model", "prompt", "image"], ["image", "prompt", "model"], ["image[]", "model", "image[]", "svg[model]", "markup"]]
    content = {"model": model.encode(), "prompt": b"a hat", "svg[model]": b"x", "markup": b"y"}
    for order in orders:
        body = form(*((name, content.get(name, PNG * 20)) for name in order))
        async with scenery(answering(MADE)) as scene:
            got = await scene.send_form("/v1/images/edits", body, BOUNDARY, pieces=pieces)
            assert got.status == 200
            assert scene.seen.body == body.replace(model.encode(), b"gpt-image-1")
            assert scene.seen.headers["content-type"] == f"multipart/form-data; boundary={BOUNDARY}"


def head_of(body: bytes) -> bytes:
    """The head of a request with a form."""
    lines = (
        "POST /v1/images/edits HTTP/1.1", "Host: gateway.test", f"Authorization: Bearer {KEY}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}", f"Content-Length: {len(body)}", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


async def test_a_form_goes_on_while_it_still_arrives() -> None:
    half_is_there = asyncio.Event()
    body = form(("model", b"gpt-image-1"), ("image", b"x" * 1_000_000))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(200_000)
        half_is_there.set()
        await reader.readexactly(len(body) - 200_000)
        answer = orjson.dumps(MADE)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        writer.write(head % len(answer) + answer)
        await writer.drain()

    async with by_hand(serve) as gateway, RawClient(gateway.port) as client, asyncio.timeout(20):
        await client.send(head_of(body) + body[:500_000])
        await half_is_there.wait()
        await client.send(body[500_000:])
        assert (await client.answer()).json == MADE


EVENTS = [
    {"type": "image_edit.partial_image", "b64_json": B64, "partial_image_index": 0, "size": "1024x1024", "quality": "low", "background": "opaque", "output_format": "png", "created_at": 7},
    {"type": "image_edit.completed", "b64_json": B64, "size": "1024x1024", "quality": "low", "background": "opaque", "output_format": "png", "created_at": 8, "usage": {"input_tokens": 3, "output_tokens": 9, "total_tokens": 12, "input_tokens_details": {"text_tokens": 3, "image_tokens": 0}}},
]  # fmt: skip


def frames(*events: Any) -> bytes:
    return b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events)


@pytest.mark.parametrize("stream_last", [True, False])
async def test_a_stream_of_a_form_comes_back_byte_for_byte(stream_last: bool) -> None:
    order = [("model", b"gpt-image-1"), ("image", PNG * 30)]
    body = form(*([*order, ("stream", b"true")] if stream_last else [("stream", b"true"), *order]))

    async def script(scene: Scene) -> None:
        data = frames(*EVENTS)
        await scene.stream(data[:1000], data[1000:5000], data[5000:])

    async with scenery(script) as scene:
        got = await scene.send_form("/v1/images/edits", body, BOUNDARY)
        assert got.body == frames(*EVENTS)
        assert got.headers["content-type"].startswith("text/event-stream")


async def test_the_library_sees_partial_images() -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(frames(*EVENTS))

    async with scenery(script) as scene:
        def edit() -> list[Any]:
            return list(library(scene).images.edit(model="gpt-image-1", prompt="p", image=("a.png", PNG), stream=True, partial_images=1))

        assert [(it.type, it.b64_json) for it in await call(edit)] == [(event["type"], B64) for event in EVENTS]


@pytest.mark.parametrize("cut", ["clean", "abort"])
async def test_a_stream_that_breaks_off_ends_in_an_error_of_the_protocol(cut: str) -> None:
    async def script(scene: Scene) -> None:
        await scene.stream(frames(EVENTS[0]), frames(EVENTS[1])[:200], end=cut == "clean")
        if cut == "abort":
            scene.reset()

    async with scenery(script) as scene:
        def make() -> list[Any]:
            seen: list[Any] = []
            for event in library(scene).images.generate(model="gpt-image-1", prompt="p", stream=True, partial_images=1):
                seen.append(event.type)
            return seen

        with pytest.raises(APIError):
            await call(make)


@pytest.mark.parametrize(("size", "ratio"), [("1024x1024", "1:1"), ("1536x1024", "3:2"), (None, None), ("auto", None)])
async def test_gemini_makes_an_image_for_the_library(size: str | None, ratio: str | None) -> None:
    async with scenery(answering(GEMINI)) as scene:
        more: Any = {"size": size} if size else {}
        got = await call(lambda: library(scene).images.generate(model="gemini-2.5-flash-image", prompt="a cat", **more))
        assert [it.b64_json for it in got.data] == [B64]      # a draft is no answer
        assert got.usage.output_tokens == 1290
        [seen] = scene.upstream.seen
        assert seen.line == "POST /v1beta/models/gemini-2.5-flash-image:generateContent HTTP/1.1"
        config: Any = {"responseModalities": ["IMAGE"], **({"imageConfig": {"aspectRatio": ratio}} if ratio else {})}
        assert orjson.loads(seen.body) == {"contents": [{"role": "user", "parts": [{"text": "a cat"}]}], "generationConfig": config}


async def test_gemini_changes_the_images_of_a_form() -> None:
    async with scenery(answering(GEMINI)) as scene:
        images = [("a.png", PNG, "image/png"), ("b.png", PNG[::-1], "image/webp")]
        got = await call(lambda: library(scene).images.edit(model="gemini-2.5-flash-image", prompt="a hat", image=images))
        assert got.data[0].b64_json == B64
        [text, *inline] = orjson.loads(scene.seen.body)["contents"][0]["parts"]
        assert text == {"text": "a hat"}
        assert [base64.b64decode(part["inlineData"]["data"]) for part in inline] == [PNG, PNG[::-1]]
        assert [part["inlineData"]["mimeType"] for part in inline] == ["image/png", "image/webp"]


async def test_gemini_answers_a_stream_with_the_whole_image() -> None:
    async with scenery(answering(GEMINI)) as scene:
        def make() -> list[Any]:
            return list(library(scene).images.generate(model="gemini-2.5-flash-image", prompt="a cat", stream=True))

        assert [(it.type, it.b64_json) for it in await call(make)] == [("image_generation.completed", B64)]


async def test_who_asks_gemini_for_an_address_gets_one_that_holds_the_image() -> None:
    async with scenery(answering(GEMINI)) as scene:
        got = await scene.ask("/v1/images/generations", {"model": "gemini-2.5-flash-image", "prompt": "p", "response_format": "url"})
        assert got.json["data"] == [{"url": f"data:image/png;base64,{B64}"}]


@pytest.mark.parametrize(
    ("asked", "param"),
    [({"n": 2}, "n"), ({"size": "640x480"}, "size")],
)
async def test_what_gemini_cannot_make_is_refused_by_name(asked: Any, param: str) -> None:
    async with scenery(answering(GEMINI)) as scene:
        with pytest.raises(BadRequestError) as refused:
            await call(lambda: library(scene).images.generate(model="gemini-2.5-flash-image", prompt="p", **asked))
        assert refused.value.param == param
        assert scene.upstream.seen == []


async def test_a_mask_is_refused_where_there_is_none() -> None:
    async with scenery(answering(GEMINI)) as scene:
        with pytest.raises(BadRequestError) as refused:
            image = ("a.png", PNG, "image/png")
            await call(lambda: library(scene).images.edit(model="gemini-2.5-flash-image", prompt="p", image=image, mask=image))
        assert refused.value.param == "mask"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"candidates": [{"finishReason": "IMAGE_SAFETY", "content": {"parts": []}}]}, "image_safety"),
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "prohibited_content"),
    ],
)
async def test_an_image_that_may_not_be_made_is_the_clients_error(answer: Any, words: str) -> None:
    async with scenery(answering(answer)) as scene:
        got = await scene.ask("/v1/images/generations", {"model": "gemini-2.5-flash-image", "prompt": "p"})
        assert got.status == 400
        assert words in orjson.dumps(got.json).decode().lower()


async def test_a_target_that_is_not_there_costs_a_form_nothing() -> None:
    body = form(("model", b"first-gone"), ("image", PNG * 100))
    async with scenery(answering(MADE)) as scene:
        got = await scene.send_form("/v1/images/edits", body, BOUNDARY)
        assert got.status == 200
        assert scene.seen.body == body.replace(b"first-gone", b"gpt-image-1")


async def test_the_first_target_decides_how_a_form_goes_and_json_goes_to_all() -> None:
    async with scenery(answering(GEMINI)) as scene:
        got = await scene.send_form("/v1/images/edits", form(("model", b"two-image"), ("image", PNG)), BOUNDARY)
        assert got.status >= 500
        assert scene.upstream.seen == []
        got = await scene.ask("/v1/images/generations", {"model": "two-image", "prompt": "p"})
        assert got.json["data"] == [{"b64_json": B64}]


async def test_an_upstream_that_refuses_a_form_is_heard() -> None:
    fault = {"error": {"message": "Invalid image data.", "type": "image_generation_user_error", "param": "image", "code": "invalid_image_file"}}
    async with scenery(answering(fault, 400)) as scene:
        with pytest.raises(BadRequestError, match="Invalid image data") as refused:
            await call(lambda: library(scene).images.edit(model="gpt-image-1", prompt="p", image=("a.png", PNG)))
        assert refused.value.code == "invalid_image_file"


GOOD = form(("model", b"gpt-image-1"), ("image", PNG * 30))


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (form(("prompt", b"p"), ("image", PNG)), 400, "names no model"),
        (form(("model", b"gpt-image-1"), ("model", b"dall-e-2")), 400, "twice"),
        (form(("model", b"gpt-image-1"), ("image", PNG * 30), ("model", b"dall-e-2")), 400, "twice"),
        (form(("model", b""), ("image", PNG)), 400, "names no model"),
        (GOOD[:-10], 400, "malformed"),
        (GOOD.replace(b"form-data", b"attachment"), 400, "malformed"),
        (b"--other\r\n", 400, "malformed"),
        (b"", 400, "malformed"),
        (form(("model", b"gpt-image-1"), ("prompt", b"p" * 70_000)), 413, "larger"),
        (form(("model", b"gpt-image-1"), ("prompt", b"\xff")), 400, "UTF-8"),
        (form(*[("a", b"1")] * 200, ("model", b"gpt-image-1")), 400, "too many parts"),
    ],
)  # fmt: skip
async def test_a_form_that_cannot_be_understood_is_refused(body: bytes, status: int, words: str) -> None:
    async with scenery(answering(MADE)) as scene:
        got = await scene.send_form("/v1/images/edits", body, BOUNDARY)
        assert got.status == status
        assert words in got.json["error"]["message"]


async def test_a_form_that_is_too_large_is_refused_before_it_is_sent() -> None:
    head = re.sub(rb"Length: \d+", b"Length: 600000000", head_of(b""))
    async with scenery(answering(MADE)) as scene, RawClient(scene.gateway.port) as client:
        await client.send(head)
        assert (await client.answer()).status == 413


async def test_a_client_that_goes_takes_its_form_along() -> None:
    begun, gone = asyncio.Event(), asyncio.Event()
    body = form(("model", b"gpt-image-1"), ("image", b"x" * 1_000_000))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        try:
            while await reader.read(65536):
                pass
        except OSError:
            pass
        gone.set()      # the connection ended without the rest of the form

    async with by_hand(serve) as gateway, asyncio.timeout(20):
        async with RawClient(gateway.port) as client:
            await client.send(head_of(body) + body[:300_000])
            await begun.wait()
        await gone.wait()
        await gateway.site.gateway.quiet.wait()
