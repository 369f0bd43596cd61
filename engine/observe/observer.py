"""Where a finished request is counted: metrics, its record of usage, its line in the log."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..pipeline.errors import STATUS
from ..pipeline.exchange import Exchange, Incoming
from ..pipeline.outcomes import LEFT, OK, STOPPED, Attempt
from ..store import UsageRecord
from . import metrics
from .board import Board
from .line import line_of, line_with
from .metric import MEDIA_TYPE, page_of
from .redaction import Redactor
from .usage import Names, Spent, names_of, record_of, used_of

_access = logging.getLogger("torouter.access")
_log = logging.getLogger("torouter.observe")

# What an attempt may come to; anything else is counted as one.
_OUTCOMES = frozenset(
    (
        OK, LEFT, STOPPED, *STATUS, "dns", "connect", "tls", "first_byte", "idle", "total", "reset", "truncated",
        "malformed", "empty", "error_body", "error_event", "request",
    )
)  # fmt: skip
_OTHER = "other"


class Answered(NamedTuple):
    """What the client got, and how many seconds it was waited for: for its body, and to take the answer."""

    status: int
    sent: int
    waited: float


class Observer:
    """Counts on a board, hands records to `record` and lines of the log to `say`; without `record` none are kept."""

    def __init__(
        self,
        board: Board | None = None,
        record: Callable[[UsageRecord], None] | None = None,
        redact: Redactor | None = None,
        wall: Callable[[], float] = time.time,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.board = board or Board.alone()
        self.redact = redact or Redactor()
        self._record = record
        self._wall = wall
        self._say = say or _logged

    def works(self) -> None:
        """Count this worker as one that serves."""
        self.board.add(metrics.WORKERS, ())

    def begins(self) -> None:
        """Count a request that begins."""
        self.board.add(metrics.RUNNING, ())

    def streams(self, amount: int) -> None:
        """Count a stream that begins or, with -1, ends."""
        self.board.add(metrics.STREAMS, (), amount)

    def fate(self, what: str, count: int) -> None:
        """Count what became of records of usage."""
        self.board.add(metrics.RECORDED, (what,), count)

    def ends(self, exchange: Exchange, answered: Answered) -> None:
        """Count a request that is over; a fault in that is logged, for the client has its answer."""
        self.board.add(metrics.RUNNING, (), -1)
        try:
            self._count(exchange, answered)
        except Exception:  # noqa: BLE001 - whatever it was, the connection goes on
            _log.exception("request %s could not be counted", exchange.request_id)

    def _count(self, exchange: Exchange, answered: Answered) -> None:
        board, names = self.board, names_of(exchange)
        tries = exchange.tries
        seconds = exchange.routing.clock() - exchange.started
        at = self._wall() - seconds
        board.add(metrics.REQUESTS, (names.endpoint, names.model, names.provider, names.outcome))
        board.observe(metrics.SECONDS, (names.endpoint,), seconds)
        if len(tries) <= 1:
            waited = answered.waited + (tries[0].waited if tries else 0.0)
            board.observe(metrics.OVERHEAD, (names.endpoint,), max(0.0, seconds - waited))
        used = used_of(tries, at)
        for place, attempt in enumerate(tries):
            self._attempt(attempt, used.each[place], again=place > 0)
        self._losses(exchange, names)
        if self._record is not None:
            record = record_of(exchange, names, used, answered.status, at, seconds)
            if record is not None:
                self._record(record)
        self._say(line_of(exchange, used, answered.status, answered.sent, seconds, self.redact))

    def refused(self, incoming: Incoming, fields: Mapping[str, object]) -> None:
        """Count a request that never got as far as an endpoint; `fields` are those of its line in the log."""
        self.board.add(metrics.REQUESTS, ("", "", "", str(fields["outcome"])))
        self._say(self.redact(line_with(incoming, fields)))

    def page(self) -> tuple[dict[str, str], bytes]:
        """Give the headers and the body of the page of metrics, for all workers."""
        if self.board.refused:
            self.board.add(metrics.CROWDED, (), self.board.refused)
            self.board.refused = 0
        return {"content-type": MEDIA_TYPE}, page_of(metrics.ALL, self.board.sums())

    def _attempt(self, attempt: Attempt, spent: Spent | None, *, again: bool) -> None:
        board, model, provider = self.board, attempt.public, attempt.provider
        outcome = attempt.outcome if attempt.outcome in _OUTCOMES else _OTHER
        board.add(metrics.ATTEMPTS, (provider, outcome))
        if again:
            board.add(metrics.RETRIES, (provider,))
        if attempt.cooled:
            board.add(metrics.COOLDOWNS, (model, provider))
        if attempt.first is not None:
            board.observe(metrics.FIRST, (model, provider), attempt.first)
        if spent is None:
            return
        for name, count in spent.classes.items():
            if count:
                board.add(metrics.TOKENS, (model, provider, name), count)
        if spent.cost is not None:
            amount, currency = spent.cost
            board.add(metrics.COST, (model, provider, currency), amount / 10**9)

    def _losses(self, exchange: Exchange, names: Names) -> None:
        if exchange.losses or exchange.hidden:
            severities = Counter(loss.severity for loss in exchange.losses)
            severities["warn"] += len(exchange.hidden)
            for severity, count in severities.items():
                self.board.add(metrics.LOSSES, (names.endpoint, names.provider, severity), count)


def _logged(line: str) -> None:
    _access.info("%s", line)
