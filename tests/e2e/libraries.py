"""The official client libraries as callers of one running gateway: what their users get for one request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anthropic
import openai

from tests.support.fake import KEY

HI: Any = [{"role": "user", "content": "hi"}]


@dataclass(frozen=True)
class Result:
    """The text that came, the exception that ended it, and the headers of the answer."""

    text: str
    error: Exception | None
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Library:
    """One library, without its own retries: how it is called, and how its users read text."""

    protocol: str
    create: Callable[..., Any]
    errors: type[Exception]
    text: Callable[[Any], str]
    piece: Callable[[Any], str]

    async def ask(self, model: str, *, stream: bool) -> Result:
        """What comes of one request; only an exception that the library documents is a result."""
        said: list[str] = []
        headers: Mapping[str, str] = {}
        try:
            async with self.create(model=model, messages=HI, max_tokens=9, stream=stream) as answer:
                headers = answer.headers
                parsed = await answer.parse()
                if stream:
                    async for event in parsed:
                        said.append(self.piece(event))
                else:
                    said.append(self.text(parsed))
        except self.errors as error:
            told = getattr(error, "response", None)
            return Result("".join(said), error, headers if told is None else told.headers)
        return Result("".join(said), None, headers)


@asynccontextmanager
async def libraries(url: str) -> AsyncIterator[tuple[Library, Library]]:
    """Both libraries; not verifying certificates saves the time that loading the machine's own takes."""
    async with (
        openai.AsyncOpenAI(
            api_key=KEY, base_url=url + "/v1", max_retries=0, http_client=openai.DefaultAsyncHttpxClient(verify=False)
        ) as chat,
        anthropic.AsyncAnthropic(
            api_key=KEY, base_url=url, max_retries=0, http_client=anthropic.DefaultAsyncHttpxClient(verify=False)
        ) as messages,
    ):
        yield (
            Library(
                "openai-chat",
                chat.chat.completions.with_streaming_response.create,
                openai.APIError,
                lambda answer: str(answer.choices[0].message.content),
                lambda chunk: (chunk.choices[0].delta.content or "") if chunk.choices else "",
            ),
            Library(
                "anthropic-messages",
                messages.messages.with_streaming_response.create,
                anthropic.APIError,
                lambda answer: str(answer.content[0].text),
                lambda event: getattr(getattr(event, "delta", None), "text", ""),
            ),
        )
