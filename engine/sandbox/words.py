"""Words: how scripted text is cut into pieces, and what the sandbox counts instead of tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Event = dict[str, Any]

_WORD = re.compile(r"\s*\S+|\s+")
_ADDRESS = ("type", "output", "key", "kind")
_PAYLOADS = ("text", "arguments")


def cut(event: Event, pieces: str | int | None) -> Iterator[Event]:
    """Tell one delta as several, by words or by a number of characters; all its other members stay with the first."""
    name = next((name for name in _PAYLOADS if isinstance(event.get(name), str)), None)
    if pieces is None or name is None:
        yield event
        return
    for index, piece in enumerate(_pieces(event[name], pieces)):
        rest = event if index == 0 else {member: event[member] for member in _ADDRESS if member in event}
        yield {**rest, name: piece}


def _pieces(text: str, pieces: str | int) -> list[str]:
    if isinstance(pieces, int):
        return [text[start : start + pieces] for start in range(0, len(text), pieces)]
    return _WORD.findall(text)


def count_request(request: Mapping[str, Any]) -> int:
    """Count the words of a request: of its instructions, its turns and its tools."""
    parts = [*request.get("system", ())]
    for turn in request.get("turns", ()):
        parts += turn.get("parts", ())
    tools = (f"{tool.get('name', '')} {tool.get('description', '')}" for tool in request.get("tools", ()))
    return sum(len(text.split()) for text in (*_texts(parts), *tools))


def _texts(parts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for part in parts:
        yield from (part[name] for name in _PAYLOADS if isinstance(part.get(name), str))
        yield from _texts(part.get("parts", ()))


class Tally:
    """Counts the words of an answer while it is told."""

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}
        self.reported = False

    def see(self, event: Event) -> None:
        """Take note of one decoder event."""
        if event["type"] == "usage":
            self.reported = True
        told = event.get("part", event)
        for name in _PAYLOADS:
            if isinstance(told.get(name), str):
                self._said.setdefault(str(told.get("kind")), []).append(told[name])

    def usage(self, request: Mapping[str, Any]) -> dict[str, int]:
        """Give the canonical usage of a request and this answer; reasoning is part of the output."""
        counts = {kind: len("".join(texts).split()) for kind, texts in self._said.items()}
        usage = {"input": count_request(request), "output": sum(counts.values())}
        return {**usage, "reasoning": counts["reasoning"]} if counts.get("reasoning") else usage
