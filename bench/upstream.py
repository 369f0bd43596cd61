"""A provider made of canned answers: one JSON answer and one stream of text per protocol, told apart by the path."""

from __future__ import annotations

import asyncio
import json
import sys

EVENTS = 200


def chat_answer() -> bytes:
    message = {"role": "assistant", "content": "Paris. " * 20, "refusal": None}
    usage = {"prompt_tokens": 20, "completion_tokens": 40, "total_tokens": 60}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return json.dumps({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
        "usage": usage,
    }).encode()  # fmt: skip


def chat_stream() -> bytes:
    def chunk(**members: object) -> bytes:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        return b"data: " + json.dumps({**head, **members}).encode() + b"\n\n"

    def delta(content: dict[str, object], finish: str | None = None) -> bytes:
        return chunk(choices=[{"index": 0, "delta": content, "finish_reason": finish, "logprobs": None}])

    usage = {"prompt_tokens": 20, "completion_tokens": EVENTS, "total_tokens": 20 + EVENTS}
    return b"".join([
        delta({"role": "assistant", "content": ""}),
        *(delta({"content": f"word{number} "}) for number in range(EVENTS)),
        delta({}, "stop"), chunk(choices=[], usage=usage), b"data: [DONE]\n\n",
    ])  # fmt: skip


def messages_answer() -> bytes:
    return json.dumps({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "text", "text": "Paris. " * 20}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": 20, "output_tokens": 40},
    }).encode()  # fmt: skip


def messages_stream() -> bytes:
    def event(kind: str, **members: object) -> bytes:
        return f"event: {kind}\ndata: ".encode() + json.dumps({"type": kind, **members}).encode() + b"\n\n"

    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 20, "output_tokens": 1},
    }  # fmt: skip
    return b"".join([
        event("message_start", message=message),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(event("content_block_delta", index=0, delta={"type": "text_delta", "text": f"word{number} "})
          for number in range(EVENTS)),
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
              usage={"output_tokens": EVENTS}),
        event("message_stop"),
    ])  # fmt: skip


ANSWERS = {
    ("messages", False): ("application/json", messages_answer()),
    ("messages", True): ("text/event-stream", messages_stream()),
    ("completions", False): ("application/json", chat_answer()),
    ("completions", True): ("text/event-stream", chat_stream()),
}


class Provider(asyncio.Protocol):
    """Answers one request after the other on a connection."""

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = self.buffer[end + 4 : end + 4 + length]
            self.buffer = self.buffer[end + 4 + length :]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        streamed = b'"stream":true' in body.replace(b": ", b":")
        media_type, answer = ANSWERS["messages" if b"/messages " in head else "completions", streamed]
        size = f"content-length: {len(answer)}" if not streamed else "transfer-encoding: chunked"
        start = f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\n{size}\r\n\r\n".encode()
        if streamed:
            answer = f"{len(answer):x}\r\n".encode() + answer + b"\r\n0\r\n\r\n"
        self.transport.write(start + answer)


async def serve(port: int) -> None:
    """Answer on a port until stopped."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
