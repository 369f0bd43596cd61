"""Where requests may go: the configuration decides, and no text of a client can change it."""

from __future__ import annotations

import pytest
from torouter.upstream.address import is_public, join, same_origin
from torouter.upstream.errors import UpstreamError

BASE = "https://host.test/root"


@pytest.mark.parametrize("path, query, url", [
    ("/v1/x", {}, "https://host.test/root/v1/x"),
    ("/v1/m%2Fn:go", {"alt": "a b"}, "https://host.test/root/v1/m%2Fn:go?alt=a%20b"),
    ("/v1/x", {"empty": "", "k": "é&="}, "https://host.test/root/v1/x?k=%C3%A9%26%3D"),
])  # fmt: skip
def test_a_rendered_path_stays_below_its_base(path: str, query: dict[str, str], url: str) -> None:
    assert join(BASE, path, query) == url
    assert same_origin(BASE, url)


@pytest.mark.parametrize("path", [
    "/v1/../admin", "/v1/./x", "v1", "//evil.test/x", "/v1//x", "/v1?x=1", "/v1#x", "/v1\\x", "/v1\n", "/v1\x00", "",
])  # fmt: skip
def test_a_path_that_could_leave_its_base_is_refused(path: str) -> None:
    with pytest.raises(UpstreamError):
        join(BASE, path, {})


@pytest.mark.parametrize("url", ["http://host.test/x", "https://host.test:444/x", "https://other.test/", "https://a@host.test/"])
def test_another_origin_is_noticed(url: str) -> None:
    assert not same_origin(BASE, url)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1", "fe80::1%eth0", "fd00::1",
    "::ffff:127.0.0.1", "224.0.0.1", "100.64.0.1",
])  # fmt: skip
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_addresses_outside_are_public() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
