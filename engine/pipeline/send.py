"""The last step: having the request answered by one of its targets."""

from __future__ import annotations

from collections.abc import Mapping

from ..compile.snapshot import Target
from ..upstream.client import Transport
from . import passthrough, translate
from .attempts import tried
from .exchange import Exchange
from .outcomes import Failed
from .plan import Plan
from .resolve import service_of
from .respond import deliver
from .state import check


async def forward(exchange: Exchange, transports: Mapping[str, Transport]) -> None:
    """Have the request answered by one of its targets. Raises Problem with the last failure when none could."""
    failure = await tried(exchange, exchange.targets, transports, plan_for, deliver)
    if failure is not None:
        await give_up(exchange, failure)


async def give_up(exchange: Exchange, failure: Failed) -> None:
    """Answer with a failure in the upstream's own words, where it speaks the client's protocol. Raises Problem else."""
    problem = failure.problem
    if failure.raw is None:
        raise problem
    headers = {**problem.headers, "content-type": "application/json"}
    if "retry_after" in problem.error:
        headers["retry-after"] = f"{problem.error['retry_after']:g}"
    exchange.outcome = str(problem.error["kind"])
    await exchange.reply.whole(failure.status, headers, failure.raw)


def plan_for(exchange: Exchange, target: Target) -> Plan:
    """How one target is called. Raises Problem when the request cannot be read, or cannot be said to this target."""
    client = exchange.client
    assert client is not None
    check(exchange, target)
    upstream = service_of(target, client).protocol
    if passthrough.is_possible(exchange, target, client, upstream):
        return passthrough.plan(exchange, target, client, upstream)
    return translate.plan(exchange, target, client, upstream)
