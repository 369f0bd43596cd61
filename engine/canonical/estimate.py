"""How many tokens a canonical request is, about: for targets that do not count themselves.

The figures are rules of thumb, and the same for every model: four bytes of UTF-8 are one token, which is four
characters of Latin script, two of Greek or Cyrillic, and somewhat more than one of Chinese.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

Json = Mapping[str, Any]

_TEXT = 4  # bytes of text a token
_MEDIA = 500  # bytes of sound and film a token
_DOCUMENT = 32  # bytes of a document with layout and pictures a token
_THING = 1000  # tokens of an image, and of whatever is only named by its address
_MESSAGE = 4  # tokens that a message, a call, a result or a tool costs beside its content
_READABLE = ("text/", "application/json", "application/xml", "application/yaml")


def estimate(request: Json) -> int:
    """Give the number of input tokens of a canonical request; with more in it, it is never smaller."""
    tokens = _parts(request.get("system", ())) + _text(_written(request.get("format", {}).get("schema")))
    for turn in request.get("turns", ()):
        tokens += _MESSAGE + _text(turn.get("name")) + _parts(turn["parts"])
    for tool in request.get("tools", ()):
        tokens += _MESSAGE + _tool(tool)
    return ceil(tokens)


def _parts(parts: Iterable[Json]) -> float:
    return sum(_part(part) for part in parts)


def _part(part: Json) -> float:
    kind = part["kind"]
    if kind == "tool_call":
        return _MESSAGE + _text(part.get("name")) + _text(part.get("arguments"))
    if kind == "tool_result":
        return _MESSAGE + _parts(part.get("parts", ()))
    if kind == "image":
        return _THING
    if kind in ("audio", "video", "file"):
        return _medium(kind, part) + _text(part.get("name"))
    if kind == "native":
        return _text(_written(part.get("value"))) + _text(part.get("arguments"))
    return _text(part.get("text"))


def _medium(kind: str, part: Json) -> float:
    """Give the tokens of sound, film or a file by its size; what it weighs elsewhere is not known."""
    data = part.get("data")
    if not isinstance(data, str):
        return _THING
    size = len(data) * 3 / 4  # of what base64 stands for
    if kind != "file":
        return size / _MEDIA
    return size / (_TEXT if str(part.get("media_type", "")).startswith(_READABLE) else _DOCUMENT)


def _tool(tool: Json) -> float:
    texts = (tool.get("name"), tool.get("description"))
    shapes = (tool.get("schema"), tool.get("format"), tool.get("value"))
    return sum(_text(text) for text in texts) + sum(_text(_written(shape)) for shape in shapes)


def _text(text: object) -> float:
    return len(text.encode("utf-8", "surrogatepass")) / _TEXT if isinstance(text, str) else 0


def _written(value: object) -> str:
    """Give a value as JSON, as short as it can be; nothing for none."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False) if value is not None else ""
