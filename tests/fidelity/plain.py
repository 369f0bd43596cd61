"""Embeddings and images: every recorded answer read by the official clients, whatever protocol it came in."""

from __future__ import annotations

import base64
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
from google import genai
from google.genai import types as genai_types

from tests.fidelity.door import Door
from tests.fidelity.routes import public_name
from tests.support.corpus import PLAIN, Exchange, exchanges


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says: vectors as the bytes of their 32-bit floats, or images as they are; and the tokens of the question."""

    what: tuple[bytes | str, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One recording as one client reads it, and what its own client reads; equal is as it must be."""

    exchange: Exchange
    client: str
    got: Told | str
    want: Told


Reader = Callable[[Door, str, int], Awaitable[Told]]
"""From the door, the model and the number of things that are asked for."""


def floats(values: Sequence[float]) -> bytes:
    """A vector as 32-bit floats: all that base64 carries."""
    return struct.pack(f"<{len(values)}f", *values)


def library(door: Door) -> openai.AsyncOpenAI:
    """The OpenAI library behind a door."""
    return openai.AsyncOpenAI(api_key=door.key, base_url=door.url + "/v1", max_retries=0, http_client=door.http)


async def vectors_as_asked_by_default(door: Door, model: str, count: int) -> Told:
    """Vectors by the OpenAI library, which asks for base64 where its user asks for nothing."""
    return vectors(await library(door).embeddings.create(model=model, input=["a"] * count))


async def vectors_as_numbers(door: Door, model: str, count: int) -> Told:
    """Vectors by the OpenAI library, asked for as numbers."""
    return vectors(await library(door).embeddings.create(model=model, input=["a"] * count, encoding_format="float"))


async def vectors_as_text(door: Door, model: str, count: int) -> Told:
    """Vectors by the OpenAI library, whose user asks for base64 and takes it as it comes."""
    answer = await library(door).embeddings.create(model=model, input=["a"] * count, encoding_format="base64")
    texts: list[Any] = [item.embedding for item in answer.data]
    return Told(tuple(base64.b64decode(text, validate=True) for text in texts), answer.usage.prompt_tokens)


def vectors(answer: Any) -> Told:
    """What the OpenAI library made of an answer with vectors."""
    return Told(tuple(floats(item.embedding) for item in answer.data), answer.usage.prompt_tokens)


async def vectors_of_a_batch(door: Door, model: str, count: int) -> Told:
    """Vectors by the Google library, which asks for batches alone."""
    options = genai_types.HttpOptions(base_url=door.url, api_version="v1beta", httpx_async_client=door.http)
    client = genai.Client(api_key=door.key, http_options=options, vertexai=False).aio
    answer: Any = await client.models.embed_content(model=model, contents=["a"] * count)
    usage = answer.usage_metadata
    return Told(tuple(floats(item.values) for item in answer.embeddings), (usage and usage.prompt_token_count) or 0)


async def images(door: Door, model: str, count: int) -> Told:
    """Images by the OpenAI library."""
    answer: Any = await library(door).images.generate(model=model, prompt="a", n=count)
    return Told(tuple(item.url or item.b64_json for item in answer.data), answer.usage.input_tokens if answer.usage else 0)


READERS: dict[str, tuple[Reader, ...]] = {
    "openai-embeddings": (vectors_as_asked_by_default, vectors_as_numbers, vectors_as_text),
    "gemini-embeddings": (vectors_of_a_batch,),
    "openai-images": (images,),
}
CLIENTS = {
    "openai-embeddings": ("openai-embeddings", "gemini-embeddings"),
    "gemini-embeddings": ("openai-embeddings", "gemini-embeddings"),
    "openai-images": ("openai-images",),
}


def recordings() -> list[Exchange]:
    """The recorded answers with vectors or images."""
    return [exchange for exchange in exchanges(*PLAIN) if exchange.ok]


def count_of(exchange: Exchange) -> int:
    """How many vectors or images an answer holds."""
    body = exchange.response["body"]
    return len(body["data"] if "data" in body else body["embeddings"])


async def natively(exchange: Exchange) -> Told:
    """The recorded bytes as the library of their own protocol reads them."""

    def serve(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": exchange.content_type}, content=exchange.payload)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(serve)) as http:
        return await READERS[exchange.protocol][0](Door("http://recording.invalid", "sk-recording", http), "m", count_of(exchange))


async def compare(doors: dict[str, Door], chosen: Sequence[Exchange]) -> list[Reading]:
    """Every recording read by every client of its subject, in every way that the client has."""
    found = []
    for exchange in chosen:
        want = await natively(exchange)
        for client in CLIENTS[exchange.protocol]:
            for read in READERS[client]:
                found.append(Reading(exchange, f"{client}: {read.__name__}", await attempt(read, doors[client], exchange), want))
    return found


async def attempt(read: Reader, door: Door, exchange: Exchange) -> Told | str:
    """What one client reads; whatever its library raises is a finding."""
    try:
        return await read(door, public_name(exchange), count_of(exchange))
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"


def table(readings: Sequence[Reading]) -> str:
    """Equal of all, client by upstream."""
    total = Counter((reading.client, reading.exchange.protocol) for reading in readings)
    same = Counter((reading.client, reading.exchange.protocol) for reading in readings if reading.got == reading.want)
    return "\n".join(f"{client:<50} {upstream:<20} {same[client, upstream]:>3}/{total[client, upstream]}" for client, upstream in sorted(total))
