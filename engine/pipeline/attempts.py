"""Calling targets one after the other, as their policies say; never again once the client has seen something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from ..compile.policy import Rule
from ..compile.snapshot import Target
from ..routing.state import Lease
from ..upstream.client import Transport, UpstreamResponse
from ..upstream.errors import UpstreamError
from .errors import Problem
from .exchange import Exchange
from .headers import returned
from .outcomes import LEFT, OK, Attempt, Failed, label, of_fault
from .plan import Plan
from .redact import redacted
from .refusal import refusal
from .request import request_to
from .waiting import Waiting
from .way import Planner, Way

Deliver = Callable[[Exchange, Plan, UpstreamResponse], Awaitable[None]]
_OWN_WORDS = frozenset({"rate_limit", "quota", "overloaded", "timeout"})


@dataclass(slots=True)
class _Caller:
    """One request's way of calling targets; `deadline` is a moment of the worker's clock."""

    exchange: Exchange
    transports: Mapping[str, Transport]
    answer: Deliver
    deadline: float

    async def call(self, target: Target, plan: Plan) -> Failed | None:
        """Have one target answer; the failure if it could not, and the client has seen nothing."""
        exchange, routing = self.exchange, self.exchange.routing
        lease, now = routing.enter(target), routing.clock()
        record = Attempt(target.provider.id, target.model, plan.upstream.name, now - exchange.started)
        record.prices, record.public = target.prices, str(target.view.get("name", ""))
        exchange.target, exchange.broken = target, ()
        exchange.tries.append(record)
        failure: Failed | None = None
        record.outcome = LEFT
        try:
            await self._send(target, plan, record)
        except Failed as fault:
            failure = redacted(fault, target.provider)
        finally:
            record.seconds, record.usage = routing.clock() - now, plan.call.usage
            if exchange.outcome == OK:  # whoever leaves behind the last word has had everything
                record.outcome = OK
            routing.leave(lease)
        self._judge(target, lease, record, failure)
        return failure

    def _judge(self, target: Target, lease: Lease, record: Attempt, failure: Failed | None) -> None:
        """Note how the attempt ended, also one that broke off when the client had seen something of it."""
        names = failure.names if failure is not None else self.exchange.broken
        record.outcome = label(names) if names else OK
        record.code = str(failure.problem.error.get("code") or "") if failure is not None else ""
        rule = target.policy.rule(names) if names else None
        wait = failure.wait if failure is not None else None
        record.cooled = self.exchange.routing.judge(target, lease, rule, wait)

    async def _send(self, target: Target, plan: Plan, record: Attempt) -> None:
        exchange = self.exchange
        exchange.losses, exchange.hidden = plan.losses, plan.call.lost
        exchange.reply.patience = target.policy.slow_reader
        clock, transport = exchange.routing.clock, self.transports[target.provider.transport]
        try:
            request = request_to(exchange, target, plan, self.deadline - clock())
            began = clock()
            try:
                response = await transport.send(request)
            finally:
                record.waited += clock() - began
                del request  # a stream would hold it to its end
            response.chunks = Waiting(response.chunks, record, clock)
        except UpstreamError as fault:
            if exchange.form is not None and exchange.form.fault is not None:
                raise exchange.form.fault from fault
            error, names = of_fault(fault)
            raise Failed(Problem.of(error), names) from fault
        record.status = response.status
        endpoint = exchange.endpoint
        exchange.returned = returned(response.headers, endpoint.returned) if plan.forwards and endpoint else {}
        try:
            if not 200 <= response.status <= 299:
                raise await refusal(exchange, target, response, plan)
            await self.answer(exchange, plan, response)
        finally:
            await response.aclose()


async def tried(
    exchange: Exchange,
    targets: Sequence[Target],
    transports: Mapping[str, Transport],
    planned: Planner,
    answer: Deliver,
) -> Failed | None:
    """Have the request answered by the first of some targets that can; the failure that says why none could.

    Raises Problem for a request that no target can be told, and when none may be called now.
    """
    routing, policy = exchange.routing, targets[0].policy
    budget = routing.budget(targets[0])
    budget.count(routing.clock())
    caller = _Caller(exchange, transports, answer, routing.clock() + policy.total)
    way = Way(exchange, targets)
    failures: list[Failed] = []
    target: Target | None = await way.first()
    repeated: Target | None = None
    while target is not None:
        plan = way.plan(target, planned)
        if plan is None:
            target = way.instead()
            continue
        if failures and not budget.take(policy, routing.clock()):
            break
        failure = await caller.call(target, plan)
        if failure is None:
            return None
        failures.append(failure)
        if len(failures) >= policy.attempts or exchange.stopping is not None or exchange.spent:
            break
        before, again = target, target is repeated
        target = await _following(exchange, way, target, failure, caller.deadline, again=again)
        repeated = before if target is before else None
    if not failures:
        raise way.unable or way.nobody()
    return _exhausted(exchange, failures)


async def _following(
    exchange: Exchange, way: Way, target: Target, failure: Failed, deadline: float, *, again: bool
) -> Target | None:
    """The target that is called after a failure: the same one once more, or another one, or none."""
    routing, policy = exchange.routing, target.policy
    rule: Rule = policy.rule(failure.names)
    if rule.then == "retry" and not again and routing.is_open(target):
        longest = min(policy.backoff * 2.0 ** (len(exchange.tries) - 1), policy.backoff_max)
        wait = max(failure.wait or 0.0, longest * (0.5 + routing.chance() / 2))
        if wait <= policy.backoff_max and routing.clock() + wait < deadline:
            await routing.sleep(wait)
            if not routing.is_full(target):
                return target
    return way.next(failure, rule) if routing.clock() < deadline else None


def _exhausted(exchange: Exchange, failures: Sequence[Failed]) -> Failed:
    """The failure that the client is told: the last one, or after several that differ, that nobody could answer."""
    last = failures[-1]
    kinds = {str(it.problem.error["kind"]) for it in failures}
    waits = [it.wait for it in failures if it.wait is not None]
    if waits and "retry_after" in last.problem.error:
        last.problem.error["retry_after"] = min(*waits, last.problem.error["retry_after"])
    settled = exchange.stopping is not None or last.problem.error["status"] < 500
    if len(failures) == 1 or settled or (len(kinds) == 1 and kinds <= _OWN_WORDS):
        return last
    said = min(waits, default=None)
    message = "Service temporarily unavailable."
    problem = Problem("unavailable", message, code="upstream_unavailable", retry_after=said)
    return Failed(problem, last.names, status=last.status, wait=said)
