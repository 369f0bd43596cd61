"""The head of a request: what is asked, of whom, and that no text can become a line of its own."""

from __future__ import annotations

import pytest
from torouter.upstream.destination import destination_of, head
from torouter.upstream.errors import UpstreamError


@pytest.mark.parametrize("url, place, first", [
    ("http://one.test/a?b=c", (False, "one.test", 80), b"GET /a?b=c HTTP/1.1\r\nhost: one.test\r\n"),
    ("https://one.test", (True, "one.test", 443), b"GET / HTTP/1.1\r\nhost: one.test\r\n"),
    ("https://one.test:8443/x", (True, "one.test", 8443), b"GET /x HTTP/1.1\r\nhost: one.test:8443\r\n"),
    ("http://one.test:443/x", (False, "one.test", 443), b"GET /x HTTP/1.1\r\nhost: one.test:443\r\n"),
    ("http://ONE.test/x", (False, "one.test", 80), b"GET /x HTTP/1.1\r\nhost: one.test\r\n"),
    ("http://[2606:2800::1]:81/x", (False, "2606:2800::1", 81), b"GET /x HTTP/1.1\r\nhost: [2606:2800::1]:81\r\n"),
    ("http://zoë.test/ë?é=%C3%A9", (False, "xn--zo-ija.test", 80), b"GET /%C3%AB?%C3%A9=%C3%A9 HTTP/1.1\r\nhost: xn--zo-ija.test\r\n"),
    ("http://one.test/a%2Fb:c", (False, "one.test", 80), b"GET /a%2Fb:c HTTP/1.1\r\nhost: one.test\r\n"),
])  # fmt: skip
def test_an_address_says_whom_and_what(url: str, place: tuple[bool, str, int], first: bytes) -> None:
    found = destination_of(url)
    assert found.outside[:3] == found.inside[:3] == place
    assert (found.outside.private, found.inside.private) == (False, True)
    assert head("GET", found, [], 0) == first + b"accept-encoding: identity\r\n\r\n"


@pytest.mark.parametrize("url, public", [
    ("http://one.test/", True), ("http://93.184.216.34/", True), ("http://127.0.0.1/", False), ("http://[::1]/", False),
])  # fmt: skip
def test_a_machine_inside_is_told_from_others(url: str, public: bool) -> None:
    assert destination_of(url).public is public


@pytest.mark.parametrize("url", ["ftp://one.test/", "http:///x", "http://one.test:99999/", "http://one.test:x/", "one.test/x"])
def test_what_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises(UpstreamError):
        destination_of(url)


@pytest.mark.parametrize("method, length, line", [
    ("POST", 3, b"content-length: 3\r\n"), ("POST", 0, b"content-length: 0\r\n"), ("GET", 0, b""), ("DELETE", 0, b""),
    ("DELETE", 2, b"content-length: 2\r\n"),
])  # fmt: skip
def test_a_body_has_a_length(method: str, length: int, line: bytes) -> None:
    raw = head(method, destination_of("http://one.test/"), [("a", "b")], length)
    assert raw.endswith(b"a: b\r\naccept-encoding: identity\r\n" + line + b"\r\n")


@pytest.mark.parametrize("name, value", [
    ("a", "b\r\nc: d"), ("a", "b\n"), ("a", "b\rc"), ("a", "\0"), ("a\r\nb", "c"), ("a", "é"), ("a", "\ud800"),
])  # fmt: skip
def test_no_text_becomes_a_line_of_its_own(name: str, value: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        head("POST", destination_of("http://one.test/"), [(name, value)], 0)
    assert caught.value.outcome == "request"
