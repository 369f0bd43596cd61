"""Media: data URLs and media types."""

from __future__ import annotations

import base64
import binascii
import re
import struct
import sys
from array import array
from typing import Any

from .registry import Registry

REGISTRY = Registry("media")

_DATA_URL = re.compile(r"\s*data:([^,;]*)((?:;[^,;]*)*),", re.IGNORECASE)
_SAME_TYPE = {"image/jpg": "image/jpeg", "audio/x-wav": "audio/wav", "audio/mp3": "audio/mpeg"}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_BY_ENDING = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html",
    "json": "application/json", "mp3": "audio/mpeg", "wav": "audio/wav", "mp4": "video/mp4",
}  # fmt: skip


@REGISTRY.add(
    ("data_url('data:image/jpg;base64,/9j/')", {"media_type": "image/jpeg", "data": "/9j/"}),
    ("data_url('data:;base64,iVBORw0KGgo=')", {"media_type": "image/png", "data": "iVBORw0KGgo="}),
    ("data_url('https://host/a.png')", None),
)
def data_url(url: Any) -> dict[str, str] | None:
    """Take a base64 data URL apart into `media_type` and `data`; null for any other text."""
    match = _DATA_URL.match(url) if isinstance(url, str) else None
    if match is None:
        return None
    data = "".join(url[match.end() :].split())
    if not match.group(2).lower().endswith(";base64"):
        return None
    named = match.group(1).strip().lower()
    media_type = _SAME_TYPE.get(named, named) or media_type_of_data(data)
    return {"media_type": media_type, "data": data} if media_type else {"data": data}


@REGISTRY.add(("media_type_of_data('iVBORw0KGgo=')", "image/png"), ("media_type_of_data('AAAA')", None))
def media_type_of_data(data: Any) -> str | None:
    """Tell the media type of base64 data by its first bytes; null if they are unknown."""
    if not isinstance(data, str):
        return None
    try:
        head = base64.b64decode(data[:24].encode("ascii"), validate=False)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC if head.startswith(magic)), None)


@REGISTRY.add(("media_type_of_name('https://host/a.PNG?x=1')", "image/png"), ("media_type_of_name('a')", None))
def media_type_of_name(name: Any) -> str | None:
    """Tell the media type of a file name or address by its ending; null if it is unknown."""
    if not isinstance(name, str):
        return None
    path = re.split(r"[?#]", name, maxsplit=1)[0]
    return _BY_ENDING.get(path.rpartition(".")[2].lower()) if "." in path else None


@REGISTRY.add(("plain_base64('YWJj__4=')", "YWJj//4="), ("plain_base64(null)", None))
def plain_base64(data: Any) -> str | None:
    """Write base64 in its plain alphabet, padded, without white space."""
    if not isinstance(data, str):
        return None
    plain = "".join(data.split()).replace("-", "+").replace("_", "/").rstrip("=")
    return plain + "=" * (-len(plain) % 4)


@REGISTRY.add(("base64_of('héllo')", "aMOpbGxv"), ("base64_of(null)", None))
def base64_of(text: Any) -> str | None:
    """Write a text as base64 of its UTF-8 bytes."""
    if not isinstance(text, str):
        return None
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")


@REGISTRY.add(
    ("text_of_base64('aMOpbGxv')", "héllo"),
    ("text_of_base64('/w==')", "\ufffd"),
    ("text_of_base64(null)", None),
)
def text_of_base64(data: Any) -> str | None:
    """Read base64 of UTF-8 bytes as text; bytes that are none become replacement characters."""
    plain = plain_base64(data)
    if plain is None:
        return None
    try:
        return base64.b64decode(plain.encode("ascii"), validate=False).decode("utf-8", "replace")
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None


@REGISTRY.add(
    ("base64_of_floats(`[0.5, 1]`)", "AAAAPwAAgD8="),
    ("base64_of_floats(`[]`)", ""),
    ("base64_of_floats('a')", None),
)
def base64_of_floats(numbers: Any) -> str | None:
    """Write a list of numbers as base64 of 32-bit floats, the low byte first; null for anything else."""
    if not isinstance(numbers, list):
        return None
    try:
        return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode("ascii")
    except (struct.error, OverflowError, TypeError):
        return None


@REGISTRY.add(
    ("floats_of_base64('AAAAPwAAgD8=')", [0.5, 1.0]),
    ("floats_of_base64('AAA=')", None),
    ("floats_of_base64(null)", None),
)
def floats_of_base64(data: Any) -> list[float] | None:
    """Read base64 of 32-bit floats, the low byte first, as a list of numbers; null for anything else."""
    plain = plain_base64(data)
    if plain is None:
        return None
    floats = array("f")
    try:
        floats.frombytes(base64.b64decode(plain.encode("ascii"), validate=True))
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    if sys.byteorder == "big":
        floats.byteswap()
    return floats.tolist()
