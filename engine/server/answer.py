"""The head of an answer, as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

_FIRST = {it.value: f"HTTP/1.1 {it.value} {it.phrase}\r\n" for it in HTTPStatus}
_BREAKS = str.maketrans("", "", "\r\n\0")


def head_of(status: int, headers: Mapping[str, str]) -> bytes:
    """The head with its closing empty line; what would break a value into two fields is left out."""
    first = _FIRST.get(status) or f"HTTP/1.1 {status} \r\n"
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if fields.count("\n") != len(headers) or fields.count("\r") != len(headers) or "\0" in fields:
        fields = "".join([f"{name}: {value.translate(_BREAKS)}\r\n" for name, value in headers.items()])
    return f"{first}{fields}\r\n".encode("utf-8", "surrogateescape")
