"""Every recorded request that a vendor took can be read, and written for every protocol so that it says the same."""

from __future__ import annotations

import pytest

from tests.fidelity.canonical import differences
from tests.fidelity.requests import Written, accepted, requests, table, targets, unexplained, unused, write
from tests.support.corpus import require


@pytest.fixture(scope="module")
def written() -> list[Written]:
    require()
    results = [write(exchange, target) for exchange in requests() for target in targets(exchange)]
    print("\n" + table(results))
    return results


@pytest.mark.corpus
def test_recorded_requests_fit_the_inventory_and_say_the_same(written: list[Written]) -> None:
    wrong = unexplained(written, accepted())
    assert not wrong, f"{len(wrong)} findings\n" + "\n".join(wrong[:40])
    assert len(written) > 1600


@pytest.mark.corpus
def test_every_accepted_difference_is_still_there(written: list[Written]) -> None:
    assert unused(written, accepted()) == []


@pytest.mark.corpus
def test_a_protocol_refuses_and_changes_nothing_that_its_own_clients_sent(written: list[Written]) -> None:
    own = [w for w in written if w.target == w.exchange.protocol]
    assert [(w.exchange.id, w.refused) for w in own if w.refused] == []


def test_a_difference_has_the_place_that_a_loss_would_have() -> None:
    was = {"turns": [{"role": "user", "parts": [{"kind": "image", "url": "u", "detail": "low"}]}], "max_output": 5}
    now = {"turns": [{"role": "user", "parts": [{"kind": "image", "url": "u"}]}], "max_output": 6}
    assert [str(d) for d in differences(was, now)] == ["max_output: 5 … 6", 'turns.parts.image.detail: "low" … null']


def test_a_part_that_is_gone_does_not_shift_the_others() -> None:
    parts = [{"kind": "reasoning", "text": "hm"}, {"kind": "text", "text": "a"}]
    was, now = {"turns": [{"role": "assistant", "parts": parts}]}, {"turns": [{"role": "assistant", "parts": parts[1:]}]}
    assert [d.place for d in differences(was, now)] == ["turns.parts.reasoning.text"]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({"stream": False}, {}),
        ({"turns": [{"role": "a", "parts": [{"kind": "tool_call", "arguments": "{}"}]}]},
         {"turns": [{"role": "a", "parts": [{"kind": "tool_call", "arguments": "{ }"}]}]}),
        ({"model": "a", "native": {"x": {}}}, {"model": "b"}),
    ],
)  # fmt: skip
def test_what_means_the_same_is_no_difference(was: dict[str, object], now: dict[str, object]) -> None:
    assert differences(was, now) == []
