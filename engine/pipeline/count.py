"""How many tokens a request is: asked of the provider that would answer it, or estimated where that does not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from ..canonical.estimate import estimate
from ..compile.snapshot import Target
from ..protocol import RequestRejected
from ..upstream.client import Transport
from . import attempts, passthrough, respond, send, translate
from .errors import Problem
from .exchange import Exchange
from .plan import Plan, parse_answer
from .resolve import service_of, staying

ESTIMATED = "x-torouter-estimated"
_LACKING = frozenset({404, 405, 501})  # how a service says that it has no such address


@dataclass(slots=True)
class CountingThrough(passthrough.Passthrough):
    """A passthrough whose answer is a count."""

    def answer(self, raw: bytes) -> bytes:
        """The same bytes, once they have been seen to hold a count. Raises UpstreamErrorBody and Problem."""
        self.upstream.decode_count(parse_answer(raw), self.call)
        return raw


@dataclass(slots=True)
class Counting(translate.Translation):
    """A translation whose answer is a count."""

    def answer(self, raw: bytes) -> bytes:
        """The translated count. Raises UpstreamErrorBody and Problem."""
        count = self.upstream.decode_count(parse_answer(raw), self.call)
        return orjson.dumps(self.client.encode_count(count, self.call))


async def count_tokens(exchange: Exchange, transports: Mapping[str, Transport]) -> bool:
    """Answer an endpoint whose operation is `count`; false for every other operation.

    An upstream that turns out not to count has its count estimated, too. Raises Problem with any other failure.
    """
    if exchange.endpoint is None or exchange.endpoint.operation != "count":
        return False
    unwrap(exchange)
    targets = counting(exchange)
    if not targets:
        await answer_estimate(exchange)
        return True
    failure = await attempts.tried(exchange, targets, transports, plan_for, respond.whole)
    if failure is not None and failure.status in _LACKING:
        await answer_estimate(exchange)
    elif failure is not None:
        await send.give_up(exchange, failure)
    return True


def unwrap(exchange: Exchange) -> None:
    """Put the request that is counted in the place of the body that holds it. Raises Problem when there is none."""
    client = exchange.client
    assert client is not None
    counted = client.counted_request(exchange.body, exchange.call())
    if not isinstance(counted, dict):
        raise Problem("invalid_request", "The body holds no request to count.")
    exchange.body = counted


def counting(exchange: Exchange) -> Sequence[Target]:
    """The targets that count, in order; none if the one that would be called for an answer does not."""
    client, targets = exchange.client, staying(exchange)
    assert client is not None
    able = [target for target in targets if service_of(target, client).count is not None]
    return able if able[:1] == list(targets[:1]) else ()


def plan_for(exchange: Exchange, target: Target) -> Plan:
    """How one target is asked to count. Raises Problem as the plan of an answer does."""
    plan = send.plan_for(exchange, target)
    if isinstance(plan, passthrough.Passthrough):
        if _is_named_right(exchange, target):
            return CountingThrough(plan.client, plan.upstream, plan.call, plan.body, plan.request, plan.cap)
        plan = translate.plan(exchange, target, plan.client, plan.upstream)
    assert isinstance(plan, translate.Translation)
    body = orjson.dumps(plan.upstream.count_request(orjson.loads(plan.body), plan.call))
    return Counting(plan.client, plan.upstream, plan.call, body, plan.request, plan.losses, plan.cap, plan.forwards)


def _is_named_right(exchange: Exchange, target: Target) -> bool:
    """Whether a body that passes through names the target's model.

    Passthrough renames the member that the endpoint knows; a body may name the model in a place of its own.
    """
    assert exchange.endpoint is not None
    return target.model == exchange.model or exchange.endpoint.model_member is not None


async def answer_estimate(exchange: Exchange) -> None:
    """Answer with an estimate, marked as such. Raises Problem when the request cannot be read."""
    client, call = exchange.client, exchange.call()
    assert client is not None
    try:
        request = client.decode_request(exchange.body, call)
    except RequestRejected as fault:
        raise Problem.of(fault.error) from fault
    exchange.estimated = True
    body = client.encode_count({"input": estimate(request), "estimated": True}, call)
    headers = {"content-type": "application/json", ESTIMATED: "true"}
    await exchange.reply.whole(200, headers, orjson.dumps(body))
