"""Every recorded request that a vendor took can be read, and written for both protocols as their schemas want it."""

from __future__ import annotations

import pytest

from tests.fidelity.requests import SCHEMAS, requests, table, write
from tests.support.corpus import require

pytestmark = pytest.mark.corpus


def test_recorded_requests_are_written_as_the_schemas_want_them() -> None:
    require()
    written = [write(exchange, target) for exchange in requests() for target in SCHEMAS]
    print("\n" + table(written))
    wrong = [f"{w.target} < {w.exchange.service}/{w.exchange.id}: {w.problem or w.invalid[0]}" for w in written if w.problem or w.invalid]
    assert not wrong, f"{len(wrong)} requests\n" + "\n".join(wrong[:40])


def test_a_protocol_refuses_nothing_that_its_own_clients_sent() -> None:
    require()
    refused = [(w.exchange.id, w.rejected) for x in requests() if (w := write(x, x.protocol)).rejected]
    assert refused == []
