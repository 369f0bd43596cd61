"""Encoder events → response: what a stream adds up to."""

from collections.abc import Iterable
from typing import Any

from .usage import merge_counters

Event = dict[str, Any]

_ARGUMENTS = frozenset({"tool_call", "native"})  # the kinds whose streamed text is called `arguments`
_MEDIA = frozenset({"image", "audio", "video", "file"})
_ALWAYS_TEXT = frozenset({"text", "refusal"})


def payload_field(kind: str) -> str:
    """Name the member that deltas of this kind append to."""
    return "arguments" if kind in _ARGUMENTS else "text"


def build_part(kind: str, members: dict[str, Any], pieces: list[str], citations: list[Any]) -> dict[str, Any]:
    """Join what was collected into a part; pieces are joined once, never appended to a growing text."""
    part: dict[str, Any] = {"kind": kind, **members}
    if pieces or kind in _ALWAYS_TEXT:
        part["transcript" if kind in _MEDIA else payload_field(kind)] = "".join(pieces)
    elif kind == "tool_call":
        part["arguments"] = "" if members.get("custom") else "{}"
    if citations:
        part["citations"] = list(citations)
    return part


class Folder:
    """Collects encoder events and yields the response they stand for at any moment."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._outputs: dict[int, _Output] = {}

    def feed(self, events: Iterable[Event]) -> None:
        """Take the next events of one stream."""
        for event in events:
            kind = event["type"]
            if kind in ("part.start", "part.delta", "part.end"):
                self._outputs[event["output"]].feed(kind, event)
            elif kind == "start":
                self._start(event)
            elif kind == "output.start":
                self._outputs[event["output"]] = _Output()
            elif kind == "finish":
                self._outputs[event["output"]].end(event)
            elif kind == "logprobs":
                self._outputs[event["output"]].logprobs.extend(event["logprobs"])
            elif kind == "usage":
                self._usage = merge_counters(self._usage, event["usage"])
            elif kind == "error":
                self._head["error"] = event["error"]

    def response(self) -> dict[str, Any]:
        """Return the response so far."""
        outputs = [output.build(number) for number, output in sorted(self._outputs.items())]
        response = {**self._head, "outputs": outputs}
        if self._usage:
            response["usage"] = self._usage
        return response

    def _start(self, event: Event) -> None:
        self._head = {name: value for name, value in event.items() if name not in ("type", "usage")}
        self._usage = merge_counters(self._usage, event.get("usage"))


def fold(events: Iterable[Event]) -> dict[str, Any]:
    """Return the response that a whole stream of encoder events adds up to; a failed stream has `error`."""
    folder = Folder()
    folder.feed(events)
    return folder.response()


class _Output:
    __slots__ = ("finish", "logprobs", "native", "parts")

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.finish: dict[str, Any] | None = None
        self.logprobs: list[Any] = []
        self.native: dict[str, Any] | None = None

    def end(self, event: Event) -> None:
        """Take what is said of the answer as a whole."""
        self.finish, self.native = event["finish"], event.get("native")

    def feed(self, kind: str, event: Event) -> None:
        if kind == "part.start":
            self.parts.append(_Part(event))
        elif kind == "part.delta":
            self.parts[event["index"]].delta(event)
        else:
            self.parts[event["index"]].end(event["part"])

    def build(self, number: int) -> dict[str, Any]:
        output: dict[str, Any] = {"index": number, "parts": [part.build() for part in self.parts]}
        if self.finish is not None:
            output["finish"] = self.finish
        if self.logprobs:
            output["logprobs"] = self.logprobs
        if self.native:
            output["native"] = self.native
        return output


class _Part:
    __slots__ = ("citations", "kind", "members", "pieces")

    _STRUCTURE = frozenset({"type", "output", "index", "ordinal", "kind"})
    _PAYLOAD = frozenset({"kind", "text", "arguments", "citations", "transcript"})

    def __init__(self, event: Event) -> None:
        self.kind: str = event["kind"]
        self.members = {name: value for name, value in event.items() if name not in self._STRUCTURE}
        self.pieces: list[str] = []
        self.citations: list[Any] = []

    def delta(self, event: Event) -> None:
        field = payload_field(self.kind)
        if field in event:
            self.pieces.append(event[field])
        elif "citations" in event:
            self.citations.extend(event["citations"])
        else:
            self.members["signature"] = event["signature"]

    def end(self, part: dict[str, Any]) -> None:
        """Take the members that no delta carries; what was streamed counts as it was streamed."""
        taken = {name: value for name, value in part.items() if name not in self._PAYLOAD}
        if self.kind in _MEDIA:
            taken |= {name: part[name] for name in ("citations",) if name in part}
        self.members |= taken

    def build(self) -> dict[str, Any]:
        return build_part(self.kind, self.members, self.pieces, self.citations)
