"""The request that one attempt sends upstream."""

from __future__ import annotations

from functools import lru_cache

from ..compile.snapshot import Service, Target, Template
from ..upstream.address import join, same_origin
from ..upstream.client import Timers, UpstreamRequest
from ..upstream.errors import refused_address
from .exchange import Exchange
from .headers import forwarded
from .plan import Plan
from .resolve import service_of

USER_AGENT = "torouter"
_JSON = "application/json"
STORED = "stored"  # how the operations begin that are about kept answers
CONVERSATION = "conversation"  # and those that are about conversations
KEPT = (STORED, CONVERSATION)


def request_to(exchange: Exchange, target: Target, plan: Plan, left: float | None = None) -> UpstreamRequest:
    """The upstream request; later headers replace earlier ones, and the credential is last. Raises UpstreamError.

    `left` is how many seconds it may take, if they are fewer than the policy says.
    """
    provider, endpoint, service = target.provider, exchange.endpoint, service_of(target, plan.client)
    assert endpoint is not None
    roots: dict[str, object] = {
        "target": target.view,
        "request": plan.request,
        "path": exchange.path,
        "query": exchange.query,
        "headers": exchange.incoming.headers,
        "operation": endpoint.operation,
        "protocol": plan.upstream.name,
    }
    query = {name: template(roots) for name, template in service.query.items()} if service.query else {}
    if plan.forwards and exchange.query:
        query.update({name: exchange.query[name] for name in endpoint.forward_query if name in exchange.query})
    if provider.auth_query:
        query.update({name: value() for name, value in provider.auth_query.items()})
    path = _address(service, endpoint.operation)
    url = _url(provider.base_url, path(roots), tuple(query.items()))
    headers = {
        "content-type": _JSON if isinstance(plan.body, bytes) else plan.body.media_type,
        "accept": plan.upstream.framing.media_type.partition(";")[0] if exchange.stream else _JSON,
        "user-agent": USER_AGENT,
    }
    for name, template in service.headers.items():
        if text := template(roots):
            headers[name.lower()] = text
    if plan.forwards:
        headers.update(forwarded(exchange.incoming.headers, endpoint.forward))
    for name, value in provider.auth_headers.items():
        headers[name.lower()] = value()
    policy = target.policy
    total = policy.total if left is None else min(policy.total, left)
    return UpstreamRequest(
        exchange.incoming.method if endpoint.operation.startswith(KEPT) else "POST",
        url,
        list(headers.items()),
        plan.body,
        Timers(policy.connect, policy.first_byte, policy.idle, total),
        exchange.snapshot.settings.max_response,
        provider.allow_private,
        roots,
    )


@lru_cache(1024)  # the same few addresses, checked by taking them apart
def _url(base: str, path: str, query: tuple[tuple[str, str], ...]) -> str:
    """The whole address. Raises UpstreamError when a value of a client could lead elsewhere."""
    url = join(base, path, dict(query))
    if not same_origin(base, url):
        raise refused_address()
    return url


def _address(service: Service, operation: str) -> Template:
    """Where a service is asked: what is about kept things, and counting, may have addresses of their own."""
    own = service.count if operation == "count" else service.stored if operation.startswith(KEPT) else None
    return service.path if own is None else own
