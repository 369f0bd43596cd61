"""The whole gateway on one screen: the steps of a request, and the one place where errors become answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from ..compile.snapshot import Snapshot
from ..routing.state import Routing
from ..upstream.client import Transport
from .body import receive
from .conversations import answer_conversation
from .count import count_tokens
from .credential import authenticate
from .endpoint import Matcher, fallback, match
from .errors import Problem, is_too_deep, render
from .exchange import Exchange, Incoming, Reply
from .form import Keeping
from .keys import KeyRing
from .memory import Memory
from .models import list_models
from .resolve import ASKED, resolve
from .send import forward
from .state import restore
from .stored import answer_stored
from .upload import settle_form

_log = logging.getLogger("torouter.pipeline")


class Gateway:
    """One compiled configuration at work. `keys` finds keys beside the configured ones, `memory` keeps answers.

    `routing` is what was learnt of targets under another configuration; it goes on from there.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        transports: Mapping[str, Transport],
        keys: KeyRing | None = None,
        routing: Routing | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.routing = routing or Routing()
        self._keeping = Keeping()
        self._matcher = Matcher(snapshot.endpoints, snapshot.mounts)
        self._transports = transports
        self._keys = keys or KeyRing()
        self._memory = memory or Memory.of_process()
        self._running: dict[asyncio.Task[object], Exchange] = {}
        self.quiet = asyncio.Event()  # set while no request is being answered
        self.quiet.set()

    def adopt(self, snapshot: Snapshot, transports: Mapping[str, Transport]) -> None:
        """Answer from now on by another configuration; requests that run keep theirs."""
        matcher = Matcher(snapshot.endpoints, snapshot.mounts)
        self.snapshot, self._matcher, self._transports = snapshot, matcher, transports

    def exchange(self, incoming: Incoming, reply: Reply, request_id: str) -> Exchange:
        """The state of a request that is about to be answered."""
        began = self.routing.clock()
        return Exchange(
            self.snapshot,
            incoming,
            reply,
            request_id,
            self._keeping,
            routing=self.routing,
            started=began,
            memory=self._memory,
        )

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request, whatever happens; cancelled when the client is gone."""
        task = asyncio.current_task()
        assert task is not None
        self._running[task] = exchange
        self.quiet.clear()
        try:
            await self._answer(exchange)
        except Problem as problem:
            await self._refuse(exchange, problem)
        except asyncio.CancelledError:
            exchange.outcome = exchange.outcome or "client_closed"
            if exchange.stopping is None:
                raise
            task.uncancel()
            await self._refuse(exchange, Problem.of(exchange.stopping))
        except Exception as fault:  # noqa: BLE001 - a client is always answered, whatever fault of ours it met
            await self._refuse(exchange, _of_fault(exchange, fault))
        finally:
            del self._running[task]
            if exchange.form is not None:
                exchange.form.close()
            if not self._running:
                self.quiet.set()

    async def _answer(self, exchange: Exchange) -> None:
        endpoint = match(exchange, self._matcher)
        await authenticate(exchange, self._keys)
        asks_model = endpoint.operation in ASKED
        if not asks_model and await self._answered_without(exchange):
            return
        await receive(exchange)
        resolve(exchange)
        if endpoint.state is not None:
            await restore(exchange)
        if not asks_model and await count_tokens(exchange, self._transports):
            return
        if exchange.form is not None:
            await settle_form(exchange)
        await forward(exchange, self._transports)

    async def _answered_without(self, exchange: Exchange) -> bool:
        """Answer what needs no model; false for what does."""
        return (
            await list_models(exchange)
            or await answer_stored(exchange, self._transports)
            or await answer_conversation(exchange, self._transports)
        )

    async def _refuse(self, exchange: Exchange, problem: Problem) -> None:
        """Answer with an error in the client's protocol; a stream that cannot say one is cut."""
        exchange.outcome = str(problem.error["kind"])
        if exchange.reply.started:
            exchange.reply.abort()
            return
        protocol = exchange.client or fallback(exchange.snapshot, exchange.incoming, self._matcher)
        await exchange.reply.whole(*render(problem, protocol, exchange.call(), exchange.request_id))

    def render(self, incoming: Incoming, problem: Problem, request_id: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer to a request that never got as far as the steps."""
        return render(problem, fallback(self.snapshot, incoming, self._matcher), None, request_id)

    @property
    def running(self) -> int:
        """How many requests are being answered."""
        return len(self._running)

    def interrupt(self) -> None:
        """End every running request: streams with an error of their protocol, others with an error answer."""
        for task, exchange in self._running.items():
            exchange.stopping = Problem("unavailable", "The gateway is shutting down.", code="shutting_down").error
            task.cancel()


def _of_fault(exchange: Exchange, fault: Exception) -> Problem:
    """What a client is told of a fault; one that is not of its body or of the upstream's answer is ours, and logged."""
    if not is_too_deep(fault):
        _log.error("request %s failed", exchange.request_id, exc_info=fault)
        return Problem("server", "The gateway failed.", code="internal_error")
    if exchange.tries:
        return Problem("bad_gateway", "The upstream's answer is nested too deeply.", code="upstream_invalid")
    return Problem("invalid_request", "The body is nested too deeply.", code="too_deep")
