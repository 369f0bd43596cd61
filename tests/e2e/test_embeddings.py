"""Vectors through the real server: what the client asked for is what it gets, whoever made it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from google import genai
from openai import BadRequestError, OpenAI

from tests.e2e.other import answering, scenery
from tests.support.fake import KEY

pytestmark = pytest.mark.usefixtures("held")

FLOATS = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1.0]}], "model": "theirs", "usage": {"prompt_tokens": 2, "total_tokens": 2}}
BASE64 = {**FLOATS, "data": [{"object": "embedding", "index": 0, "embedding": "AAAAPwAAgD8="}]}
VALUES = {"embeddings": [{"values": [0.5, 1.0]}, {"values": [0.25, -1.0]}]}
ASKED = {"model": "text-embedding-3-small", "input": "hi"}


async def call(function: Any, *arguments: Any) -> Any:
    """Run a blocking library beside the server."""
    return await asyncio.to_thread(function, *arguments)


@pytest.mark.parametrize("mount", ["", "/api"])
@pytest.mark.parametrize(
    ("asked", "answer", "vector"),
    [
        ("base64", BASE64, "AAAAPwAAgD8="),
        ("base64", FLOATS, "AAAAPwAAgD8="),
        ("float", FLOATS, [0.5, 1.0]),
        ("float", BASE64, [0.5, 1.0]),
        (None, FLOATS, [0.5, 1.0]),
        (None, BASE64, [0.5, 1.0]),
    ],
)
async def test_a_vector_comes_in_the_encoding_that_was_asked_for(mount: str, asked: str | None, answer: Any, vector: Any) -> None:
    async with scenery(answering(answer)) as scene:
        got = await scene.ask(f"{mount}/v1/embeddings", {**ASKED, **({"encoding_format": asked} if asked else {})})
        assert got.json["data"] == [{"object": "embedding", "index": 0, "embedding": vector}]
        assert got.json["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
        assert scene.seen.line == "POST /v1/embeddings HTTP/1.1"


async def test_an_answer_that_keeps_to_what_was_asked_goes_through_byte_for_byte() -> None:
    body = orjson.dumps(BASE64) + b"\n  "

    async def script(scene: Any) -> None:
        await scene.answer(body)

    async with scenery(script) as scene:
        got = await scene.ask("/v1/embeddings", {**ASKED, "encoding_format": "base64", "odd": [1.50]})
        assert got.body == body
        assert orjson.loads(scene.seen.body) == {**ASKED, "encoding_format": "base64", "odd": [1.5]}


@pytest.mark.parametrize("texts", ["hello", ["hello", "world"]])
async def test_gemini_answers_the_python_library(texts: str | list[str]) -> None:
    answer = VALUES if isinstance(texts, list) else {"embedding": VALUES["embeddings"][0]}
    async with scenery(answering(answer)) as scene:
        client = OpenAI(base_url=f"{scene.url}/v1", api_key=KEY)
        got = await call(lambda: client.embeddings.create(model="gemini-embedding-001", input=texts, dimensions=2))
        assert [item.embedding for item in got.data] == [it["values"] for it in VALUES["embeddings"]][: len(got.data)]
        assert got.model == "gemini-embedding-001"
        sent = orjson.loads(scene.seen.body)
        one = {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "hello"}]}, "outputDimensionality": 2}
        if isinstance(texts, str):
            assert scene.seen.line == "POST /v1beta/models/gemini-embedding-001:embedContent HTTP/1.1"
            assert sent == one
        else:
            assert scene.seen.line == "POST /v1beta/models/gemini-embedding-001:batchEmbedContents HTTP/1.1"
            assert sent == {"requests": [one, {**one, "content": {"parts": [{"text": "world"}]}}]}


@pytest.mark.parametrize("tokens", [[1, 2, 3], [[1, 2], [3]]])
async def test_tokens_are_refused_by_name_where_only_text_is_taken(tokens: Any) -> None:
    async with scenery(answering(VALUES)) as scene:
        client = OpenAI(base_url=f"{scene.url}/v1", api_key=KEY, max_retries=0)
        with pytest.raises(BadRequestError) as refused:
            await call(lambda: client.embeddings.create(model="gemini-embedding-001", input=tokens))
        assert refused.value.param == "input"
        assert scene.upstream.seen == []


@pytest.mark.parametrize("tokens", [[1, 2, 3], [[1, 2], [3]]])
async def test_tokens_go_to_whom_they_mean_something(tokens: Any) -> None:
    async with scenery(answering(FLOATS)) as scene:
        assert (await scene.ask("/v1/embeddings", {**ASKED, "input": tokens})).status == 200
        assert orjson.loads(scene.seen.body)["input"] == tokens


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("mistral/mistral-embed", {"dimensions": 8, "user": "u", "encoding_format": "base64"}, {"output_dimension": 8, "encoding_format": "base64"}),
        ("alibaba/text-embedding-v4", {"dimensions": 8, "encoding_format": "base64"}, {"dimensions": 8, "encoding_format": "float"}),
    ],
)  # fmt: skip
async def test_what_single_providers_do_otherwise_is_written_their_way(model: str, asked: Any, sent: Any) -> None:
    async with scenery(answering(FLOATS)) as scene:
        got = await scene.ask("/v1/embeddings", {"model": model, "input": ["hi"], **asked})
        assert got.json["data"][0]["embedding"] == "AAAAPwAAgD8="
        assert orjson.loads(scene.seen.body) == {"model": model.partition("/")[2], "input": ["hi"], **sent}


async def test_a_usage_that_nobody_counted_is_nothing_and_the_client_is_told() -> None:
    async with scenery(answering({"embedding": {"values": [1.0]}})) as scene:
        got = await scene.ask("/v1/embeddings", {"model": "gemini-embedding-001", "input": "hi"})
        assert got.json["usage"] == {"prompt_tokens": 0, "total_tokens": 0}
        assert got.headers["x-torouter-warnings"] == "usage:warn"


@pytest.mark.parametrize("version", ["v1beta", "v1"])
async def test_the_library_of_gemini_embeds_on_its_own_upstream(version: str) -> None:
    async with scenery(answering(VALUES)) as scene:
        client = genai.Client(api_key=KEY, http_options={"base_url": scene.url, "api_version": version})
        got = await call(lambda: client.models.embed_content(model="gemini-embedding-001", contents=["a", "b"]))
        assert [it.values for it in got.embeddings] == [[0.5, 1.0], [0.25, -1.0]]
        assert scene.seen.line == "POST /v1beta/models/gemini-embedding-001:batchEmbedContents HTTP/1.1"


async def test_the_library_of_gemini_embeds_on_an_upstream_of_another_protocol() -> None:
    two = {**FLOATS, "data": [{"object": "embedding", "index": place, "embedding": [float(place)]} for place in (0, 1)]}
    async with scenery(answering(two)) as scene:
        client = genai.Client(api_key=KEY, http_options={"base_url": scene.url})
        config = {"output_dimensionality": 2, "task_type": "RETRIEVAL_QUERY"}
        got = await call(lambda: client.models.embed_content(model="text-embedding-3-small", contents=["a", "b"], config=config))
        assert [it.values for it in got.embeddings] == [[0.0], [1.0]]
        assert orjson.loads(scene.seen.body) == {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 2}


async def test_one_content_is_embedded_for_its_client_in_one() -> None:
    async with scenery(answering(FLOATS)) as scene:
        body = {"content": {"parts": [{"text": "a"}]}, "task_type": "CLUSTERING"}
        got = await scene.ask("/v1beta/models/alias-embed:embedContent", body)
        assert got.json == {"embedding": {"values": [0.5, 1.0]}, "usageMetadata": {"promptTokenCount": 2}}
        assert orjson.loads(scene.seen.body) == {"model": "text-embedding-3-small", "input": "a"}
        assert got.headers["x-torouter-warnings"] == "purpose:warn"


async def test_a_name_of_ones_own_reaches_the_model_also_where_the_body_says_it_again() -> None:
    body = {"requests": [{"model": "models/alias-gemini", "content": {"parts": [{"text": "a"}]}}]}
    async with scenery(answering(VALUES)) as scene:
        await scene.ask("/v1beta/models/alias-gemini:batchEmbedContents", body)
        assert scene.seen.line == "POST /v1beta/models/gemini-embedding-001:batchEmbedContents HTTP/1.1"
        assert orjson.loads(scene.seen.body)["requests"][0]["model"] == "models/gemini-embedding-001"


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v1/embeddings", {"model": "gpt-5", "input": "hi"}, "The model gpt-5 cannot be asked to embed. It can be asked to answer."),
        ("/v1/embeddings", {"model": "claude-opus-4-7", "input": "hi"}, "cannot be asked to embed"),
        ("/v1/chat/completions", {"model": "text-embedding-3-small", "messages": [{"role": "user", "content": "hi"}]}, "It can be asked to embed."),
        ("/v1beta/models/gemini-embedding-001:generateContent", {"contents": [{"parts": [{"text": "hi"}]}]}, "It can be asked to embed."),
        ("/v1/images/generations", {"model": "gpt-5", "prompt": "hi"}, "cannot be asked to make images"),
    ],
)  # fmt: skip
async def test_a_model_that_does_something_else_is_a_clear_error(path: str, body: Any, words: str) -> None:
    async with scenery(answering(FLOATS)) as scene:
        got = await scene.ask(path, body)
        assert got.status == 400
        assert words in got.json["error"]["message"]
        assert scene.upstream.seen == []


@pytest.mark.parametrize("body", [{"model": "text-embedding-3-small"}, {"input": "hi"}])
async def test_what_lacks_is_named(body: Any) -> None:
    async with scenery(answering({"error": {"message": "input is missing", "type": "invalid_request_error", "param": "input", "code": None}}, 400)) as scene:
        got = await scene.ask("/v1/embeddings", body)
        assert (got.status, got.json["error"]["param"]) == (400, "model" if "model" not in body else "input")


async def test_an_error_that_comes_as_a_success_is_an_error() -> None:
    async with scenery(answering({"error": {"message": "No provider is there.", "code": 502}})) as scene:
        got = await scene.ask("/v1/embeddings", ASKED)
        assert got.status >= 500
        assert "data" not in got.json


async def test_where_the_first_provider_fails_one_of_another_protocol_answers() -> None:
    async with scenery(answering({"error": {"message": "down"}}, 503), answering({"embedding": {"values": [0.5, 1.0]}})) as scene:
        got = await scene.ask("/v1/embeddings", {"model": "two-embed", "input": "hi", "encoding_format": "base64"})
        assert got.json["data"][0]["embedding"] == "AAAAPwAAgD8="
        assert [seen.line.split()[1] for seen in scene.upstream.seen][-1] == "/v1beta/models/gemini-embedding-001:embedContent"
