"""The head of an answer holds the fields that it was given, and no others."""

from __future__ import annotations

import pytest
from torouter.server.answer import head_of


def test_a_head_is_a_line_and_fields_in_their_order() -> None:
    head = head_of(404, {"content-type": "application/json", "x-a": "é"})
    assert head == "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\nx-a: é\r\n\r\n".encode()


def test_a_status_without_a_name_is_one_too() -> None:
    assert head_of(529, {}) == b"HTTP/1.1 529 \r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "a\nset-cookie: b", "a\rset-cookie: b", "a\0set-cookie: b"])
def test_a_value_cannot_become_a_field(value: str) -> None:
    assert head_of(200, {"x-a": value, "x-b": "c"}) == b"HTTP/1.1 200 OK\r\nx-a: aset-cookie: b\r\nx-b: c\r\n\r\n"
