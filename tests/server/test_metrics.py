"""Who may read the metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from torouter.config.secrets import Secret
from torouter.observe.observer import Observer
from torouter.server.metrics import page

TOKEN = Secret("a token of ours, ünï")


@dataclass
class Incoming:
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    path: str = "/metrics"
    query: str = ""


def asked(readers: str | Secret | None, address: str = "127.0.0.1", **headers: str) -> int | None:
    answer = page(Observer(), readers, Incoming(headers), address)  # type: ignore[arg-type]
    return answer[0] if answer is not None else None


def test_by_default_there_is_no_such_page() -> None:
    assert asked("none") is None
    assert asked(None) is None      # a token was wanted, and is not set


@pytest.mark.parametrize("address", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_on_this_machine_it_may_be_open(address: str) -> None:
    assert asked("loopback", address) == 200


@pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:10.0.0.1", "192.0.2.7", "", "unix"])
def test_and_is_then_there_for_nobody_else(address: str) -> None:
    assert asked("loopback", address) is None


def test_a_token_opens_it_from_everywhere() -> None:
    given = TOKEN.reveal().encode().decode("utf-8", "surrogateescape")
    assert asked(TOKEN, "192.0.2.7", authorization=f"Bearer {given}") == 200
    assert asked(TOKEN, "192.0.2.7", authorization=f"bearer  {given}") == 200


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer a token", "Basic a token of ours, ünï", "Bearer \udcff"])
def test_anything_else_does_not(given: str) -> None:
    assert asked(TOKEN, authorization=given) == 401
