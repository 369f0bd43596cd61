"""Calling targets in order: the next one only while the client has seen nothing of the one before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import orjson

from ..compile.snapshot import Target
from ..upstream.address import join, same_origin
from ..upstream.client import Timers, Transport, UpstreamRequest, UpstreamResponse
from ..upstream.errors import UpstreamError
from . import passthrough, translate
from .errors import Problem
from .exchange import Exchange
from .headers import forwarded, returned
from .plan import Plan
from .redact import redacted
from .resolve import service_of, staying
from .respond import Failed, deliver

USER_AGENT = "torouter"
_OUR_CREDENTIAL_REFUSED = frozenset({401, 402, 403})
_ERROR_BODY_CAP = 1024 * 1024
_RETRY_AFTER = ("retry-after",)

Planner = Callable[[Exchange, Target], Plan]
Deliver = Callable[[Exchange, Plan, UpstreamResponse], Awaitable[None]]


async def forward(exchange: Exchange, transports: Mapping[str, Transport]) -> None:
    """Have the request answered by one of its targets. Raises Problem with the last failure when none could."""
    failure = await tried(exchange, staying(exchange), transports, plan_for, deliver)
    if failure is not None:
        await give_up(exchange, failure)


async def tried(
    exchange: Exchange,
    targets: Sequence[Target],
    transports: Mapping[str, Transport],
    planned: Planner,
    answer: Deliver,
) -> Failed | None:
    """Have the request answered by the first of some targets that can; the last failure when none could."""
    failure: Failed | None = None
    for target in targets[: targets[0].provider.policy.attempts]:
        exchange.target = target
        exchange.attempts += 1
        try:
            await _attempt(exchange, planned(exchange, target), transports, answer)
            return None
        except Failed as fault:
            failure = redacted(fault, target.provider)
            if not fault.retry:
                break
    return failure


async def give_up(exchange: Exchange, failure: Failed) -> None:
    """Answer with a failure in the upstream's own words, where it speaks the client's protocol. Raises Problem else."""
    if failure.raw is None:
        raise failure.problem
    headers = {**failure.problem.headers, "content-type": "application/json"}
    exchange.outcome = str(failure.problem.error["kind"])
    await exchange.reply.whole(failure.status, headers, failure.raw)


def plan_for(exchange: Exchange, target: Target) -> Plan:
    """How one target is called. Raises Problem when the request cannot be read, or cannot be said to this target."""
    client = exchange.client
    assert client is not None
    upstream = service_of(target, client).protocol
    if passthrough.is_possible(exchange, target, client, upstream):
        return passthrough.plan(exchange, target, client, upstream)
    return translate.plan(exchange, target, client, upstream)


async def _attempt(exchange: Exchange, plan: Plan, transports: Mapping[str, Transport], answer: Deliver) -> None:
    target = exchange.target
    assert target is not None
    exchange.losses, exchange.hidden = plan.losses, plan.call.lost
    try:
        request = request_to(exchange, target, plan)
        response = await transports[target.provider.transport].send(request)
    except UpstreamError as fault:
        raise Failed(Problem.of(fault.error), retry=fault.retry) from fault
    endpoint = exchange.endpoint
    exchange.returned = returned(response.headers, endpoint.returned) if plan.forwards and endpoint else {}
    try:
        if not 200 <= response.status <= 299:
            raise await _refusal(exchange, response, plan)
        await answer(exchange, plan, response)
    finally:
        await response.aclose()


def request_to(exchange: Exchange, target: Target, plan: Plan) -> UpstreamRequest:
    """The upstream request; later headers replace earlier ones, and the credential is last. Raises UpstreamError."""
    provider, endpoint, service = target.provider, exchange.endpoint, service_of(target, plan.client)
    assert endpoint is not None
    roots: dict[str, object] = {
        "target": target.view,
        "request": plan.request,
        "path": exchange.path,
        "query": exchange.query,
        "headers": exchange.incoming.headers,
        "operation": endpoint.operation,
    }
    query = {name: template(roots) for name, template in service.query.items()}
    query.update({name: value() for name, value in provider.auth_query.items()})
    path = service.count if endpoint.operation == "count" and service.count is not None else service.path
    url = join(provider.base_url, path(roots), query)
    if not same_origin(provider.base_url, url):
        raise UpstreamError("server", 500, "The upstream address is not allowed.", "upstream_address", retry=False)
    accept = plan.upstream.framing.media_type.partition(";")[0] if exchange.stream else "application/json"
    headers = {"content-type": "application/json", "accept": accept, "user-agent": USER_AGENT}
    headers.update({name.lower(): text for name, template in service.headers.items() if (text := template(roots))})
    if plan.forwards:
        headers.update(forwarded(exchange.incoming.headers, endpoint.forward))
    headers.update({name.lower(): value() for name, value in provider.auth_headers.items()})
    policy = provider.policy
    return UpstreamRequest(
        "POST",
        url,
        list(headers.items()),
        plan.body,
        Timers(policy.connect, policy.first_byte, policy.idle, policy.total),
        exchange.snapshot.settings.max_response,
        provider.allow_private,
        {**roots, "protocol": plan.upstream.name},
    )


async def _refusal(exchange: Exchange, response: UpstreamResponse, plan: Plan) -> Failed:
    """The failure that an answer with an error status means.

    A refused credential is ours, not the client's. On passthrough a JSON body is kept as it is.
    """
    status = response.status
    if status < 400:
        return Failed(Problem("bad_gateway", "The upstream redirected the request.", code="upstream_redirect"))
    raw = await _error_body(response)
    try:
        document: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        document = raw.decode("utf-8", "replace")
    error = dict(plan.upstream.decode_error(status, response.headers, document))
    ours = status in _OUR_CREDENTIAL_REFUSED or error["kind"] == "upstream_auth"
    if ours:
        error = {"kind": "upstream_auth", "status": 502, "code": "upstream_auth"}
        error["message"] = "The upstream refused the gateway's credential."
    problem = Problem.of(error)
    problem.headers.update({**dict(forwarded(response.headers, _RETRY_AFTER)), **exchange.returned})
    retry = status >= 500 or status in {408, 429} or ours
    untouched = plan.forwards and isinstance(document, dict) and not ours
    return Failed(problem, retry=retry, raw=raw if untouched else None, status=status)


async def _error_body(response: UpstreamResponse) -> bytes:
    """As much of an error's body as arrives; it explains, nothing depends on it."""
    parts: list[bytes] = []
    size = 0
    try:
        async for chunk in response.aiter_raw():
            parts.append(chunk)
            size += len(chunk)
            if size > _ERROR_BODY_CAP:
                break
    except UpstreamError:
        pass
    return b"".join(parts)
