"""How good bytes become bad ones: by letters, and where they are JSON, by members."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

ODD_BYTES = (
    b"\r\n", b"\n", b"\r", b"\0", b"\x7f", b"\xff", b"\xc0\xaf", b"\xef\xbb\xbf", b"\xed\xa0\x80", b" ", b"\t", b":", b",", b'"', b"\\", b"{", b"}", b"[", b"]",
    b"data:", b"event:", b"\n\n", b"\r\n\r\n", b"--", b"0", b"-1", b"99999999999999999999", b"null", b"true", b"\\u0000", b"\\ud800", b"%00", b"%2e", b"../", b"<<: *a", b"&a", b"!!python/object:x",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63), 0.5, 1e308, -0.0, "", " ", "\0", "a" * 300, "\u202e", "😀", "é", "{{7*7}}", "__proto__",
    "=body.model", "../../x", "data:image/png;base64,!!!!", "data:,", "http://127.0.0.1/", "{", "[", '{"a":', [], {}, [[]], [{}], [None], {"": None}, {"type": "x"},
    {"type": None}, {"type": ["text"]}, {"text": 1}, [1, "a", None, {}],
)  # fmt: skip


def mutated(data: bytes, chance: Random) -> bytes:
    """One or several changes of `data`."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        data = _changed(data, chance)
    return data


def mutated_json(document: Any, chance: Random) -> Any:
    """A copy of a document with one or several places changed."""
    document = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        holders = list(_holders(document))
        if not holders:
            break
        holder = chance.choice(holders)
        key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        _change(holder, key, chance, chance.choice(holders))
    return document


def _changed(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    end = min(len(data), at + chance.choice((0, 1, 1, 2, 4, 16, 64)))
    way = chance.randrange(6)
    if way == 0:
        return data[:at] + chance.choice(ODD_BYTES) + data[end:]
    if way == 1:
        return data[:at] + data[end:]
    if way == 2:
        return data[:at] + chance.randbytes(chance.choice((1, 2, 4, 9))) + data[end:]
    if way == 3:
        return data[:at] + data[at:end] * chance.choice((2, 3, 50)) + data[end:]
    if way == 4:
        other = chance.randrange(len(data) + 1)
        return data[:at] + data[other : other + 32] + data[at:]
    return data[:at]


def _holders(document: Any) -> Any:
    if isinstance(document, dict | list):
        if document:
            yield document
        for inner in document.values() if isinstance(document, dict) else document:
            yield from _holders(inner)


def _change(holder: Any, key: Any, chance: Random, other: Any) -> None:
    way = chance.randrange(8)
    if way < 4:
        holder[key] = copy.deepcopy(chance.choice(ODD_VALUES))
    elif way == 4:
        del holder[key]
    elif way == 5:
        holder[key] = copy.deepcopy(other)
    elif way == 6 and isinstance(holder, list):
        holder.extend(copy.deepcopy(holder[:5]) * chance.choice((1, 3)))
    elif way == 6:
        holder[chance.choice(("type", "text", "model", "role", "__class__", "", "a.b", "é"))] = copy.deepcopy(chance.choice(ODD_VALUES))
    else:
        depth = chance.choice((2, 20, 90, 240, 600))
        inner = json.dumps(holder[key]) if depth < 240 else "1"
        holder[key] = json.loads('{"properties":' * depth + inner + "}" * depth) if chance.random() < 0.5 else json.loads("[" * depth + inner + "]" * depth)
