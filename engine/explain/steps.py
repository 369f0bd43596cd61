"""The steps of a request, taken one by one with the pipeline's own functions; the last one, sending, is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import orjson

from ..compile.endpoint import Endpoint
from ..compile.snapshot import Key, Snapshot, Target
from ..config.document import Where
from ..config.load import Project
from ..config.model import CredentialPlace
from ..language.origins import Origins, Place as Path
from ..pipeline import count, stored
from ..pipeline.body import receive
from ..pipeline.credential import authenticate, credentials_at
from ..pipeline.endpoint import Matcher, fallback, match
from ..pipeline.errors import Problem, render
from ..pipeline.exchange import Exchange
from ..pipeline.keys import KeyRing
from ..pipeline.memory import Memory
from ..pipeline.models import list_models
from ..pipeline.plan import Plan
from ..pipeline.request import KEPT, request_to
from ..pipeline.resolve import resolve, service_of
from ..pipeline.send import plan_for
from ..pipeline.state import restore
from ..pipeline.translate import Translation
from ..pipeline.way import at_rest
from ..upstream.errors import UpstreamError
from . import fallbacks
from .asked import Answered, Asked
from .kept import keeper_of
from .report import Answer, Credential, Explanation, Lost, Made, Matched, Sent
from .resolution import candidates, mask, masked, place_of, real_name, resolved

_REQUEST_ID = "req_explained"
_NOT_A_SECRET = "explained"  # noqa: S105 - stands where a client's credential would
_KEPT = "the client's own member, as it came"


@dataclass(frozen=True, slots=True)
class Caller:
    """As whom a request is explained. One that was `named` is taken whatever credential the request carries."""

    key: Key
    named: bool = False


class _Assumed(KeyRing):
    """Takes any credential that the files do not know for that of one key."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self._key = key

    async def find(self, digest: str) -> Key:  # noqa: ARG002
        """Give the key."""
        return self._key


async def explain(
    project: Project,
    snapshot: Snapshot,
    origins: Origins,
    asked: Asked,
    caller: Caller,
    *,
    model: str | None = None,
    provider: str | None = None,
    guessed: bool = False,
    memory: Memory | None = None,
) -> Explanation:
    """Say what becomes of a request. The snapshot is that of the project, compiled with `origins`.

    `model` takes the place of the model that the request names; `provider` explains the call of that provider, even if
    it would not be called; `memory` knows what answers were kept.
    """
    if caller.named:
        snapshot = replace(snapshot, keys={})
    matcher = Matcher(snapshot.endpoints, snapshot.mounts)
    exchange = Exchange(snapshot, asked, Answered(), _REQUEST_ID, memory=memory or Memory.of_process())
    walk = _Walk(project, origins, exchange, caller)
    try:
        match(exchange, matcher)
        walk.matched(guessed=guessed)
        if model is not None:
            _with_model(exchange, asked, model)
        await walk.go(provider)
    except Problem as problem:
        protocol = exchange.client or fallback(snapshot, asked, matcher)
        status, headers, body = render(problem, protocol, exchange.call(), _REQUEST_ID)
        walk.report = replace(walk.report, answer=Answer(status, headers, orjson.loads(body)))
    return walk.report


class _Walk:
    """One request on its way; the report grows with every step, so that a refusal keeps what was known by then."""

    def __init__(self, project: Project, origins: Origins, exchange: Exchange, caller: Caller) -> None:
        self.report = Explanation()
        self._project = project
        self._origins = origins
        self._exchange = exchange
        self._caller = caller

    def matched(self, *, guessed: bool) -> None:
        """Note the endpoint."""
        endpoint = self._endpoint
        where = place_of(self._project.routes.endpoints[endpoint.id].entry.at("match"))
        address = f"{endpoint.method} {endpoint.pattern}"
        found = Matched(endpoint.id, address, endpoint.protocol.name, endpoint.operation, where, guessed)
        self.report = replace(self.report, endpoint=found)

    async def go(self, provider: str | None) -> None:
        """Take the steps behind the endpoint. Raises Problem."""
        exchange = self._exchange
        await self._authenticate()
        if await list_models(exchange):
            self._answered()
            return
        if self._endpoint.operation.startswith(KEPT):
            await self._kept()
            return
        await receive(exchange)
        found = resolved(self._project, exchange)
        self.report = replace(self.report, resolution=found)
        try:
            resolve(exchange)
        except Problem:
            if provider is None or found is None:
                raise
        finally:
            self.report = replace(self.report, targets=tuple(candidates(self._project, exchange)))
        await restore(exchange)
        target = self._target(provider)
        if exchange.targets and self._endpoint.operation == "generate":
            stand_ins = tuple(fallbacks.stand_ins(self._project, exchange))
            self.report = replace(self.report, sticky=fallbacks.sticky(self._project, exchange), fallbacks=stand_ins)
        if self._endpoint.operation == "count":
            await self._count(target)
        else:
            self._send(target, plan_for(exchange, target))

    @property
    def _endpoint(self) -> Endpoint:
        endpoint = self._exchange.endpoint
        assert endpoint is not None
        return endpoint

    async def _authenticate(self) -> None:
        """Note the credential rule, and find the key as the gateway does; a request without credential is given one."""
        exchange, places = self._exchange, self._endpoint.auth
        taken = [place for place in places if any(credentials_at(exchange, place))]
        key = self._caller.key
        known = Credential([shown(p) for p in places], [shown(p) for p in taken], key.id, key.group)
        self.report = replace(self.report, credential=known)
        if taken:
            await authenticate(exchange, _Assumed(key))
        elif places:
            given = _given(places[0])
            trial = Exchange(exchange.snapshot, _with_headers(exchange.incoming, given), exchange.reply, _REQUEST_ID)
            trial.endpoint, trial.pairs = exchange.endpoint, [(places[0].query or "", _NOT_A_SECRET)]
            await authenticate(trial, _Assumed(key))
            exchange.key = trial.key
        if exchange.key is not None:
            known = replace(known, key=exchange.key.id, group=exchange.key.group)
            self.report = replace(self.report, credential=known)

    async def _kept(self) -> None:
        """Note how the provider is asked that keeps something, or what is answered here. Raises Problem."""
        keeper = await keeper_of(self._exchange)
        if keeper is None:
            self._answered()
        else:
            target = masked(self._project, keeper)
            self._send(target, stored.plan_for(self._exchange, target))

    async def _count(self, target: Target) -> None:
        """Note what a target is asked that counts, else the estimate. Raises Problem."""
        exchange, client = self._exchange, self._exchange.client
        assert client is not None
        count.unwrap(exchange)
        if service_of(target, client).count is not None:
            self._send(target, count.plan_for(exchange, target))
        else:
            await count.answer_estimate(exchange)
            self._answered()

    def _answered(self) -> None:
        reply = self._exchange.reply
        assert isinstance(reply, Answered)
        self.report = replace(self.report, answer=Answer(reply.status, reply.headers, orjson.loads(reply.body)))

    def _target(self, provider: str | None) -> Target:
        """Give the target that is called first, or that of a provider. Raises Problem when the model has none."""
        exchange = self._exchange
        if provider is None:
            return masked(self._project, at_rest(exchange)[0])
        name = real_name(exchange)
        found = exchange.snapshot.find(name)
        for target in found.targets(name) if found is not None else ():
            if target.provider.id == provider:
                return masked(self._project, target)
        raise Problem("not_found", f"The model has no target at the provider {provider}.")

    def _send(self, target: Target, plan: Plan) -> None:
        """Note what would be sent to a target. Raises Problem."""
        exchange = self._exchange
        losses = tuple(Lost(loss.path, loss.severity, loss.reason) for loss in plan.losses)
        self.report = replace(self.report, losses=losses)
        try:
            request = request_to(exchange, target, plan)
        except UpstreamError as fault:
            raise Problem.of(fault.error) from fault
        auth = self._project.routes.providers[target.provider.id].auth
        url = request.url.replace(quote(mask(auth), safe=""), mask(auth)) if auth is not None else request.url
        sent = Sent(
            provider=target.provider.id,
            transport=target.provider.transport,
            way="passthrough" if plan.forwards else "translation",
            changes=tuple(self._changes(target, plan)),
            method=request.method,
            url=url,
            headers=dict(self._headers(request.headers)),
            body=orjson.loads(plan.body) if plan.body and isinstance(plan.body, bytes) else None,
            fields=tuple(self._fields(plan)),
        )
        self.report = replace(self.report, request=sent)

    def _headers(self, headers: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Give the headers; one in which a client may send its credential is never shown as it came."""
        own = {place.header for place in self._endpoint.auth}
        came = self._exchange.incoming.headers
        for name, value in headers:
            yield name, "(the client's)" if name in own and came.get(name) == value else value

    def _changes(self, target: Target, plan: Plan) -> Iterator[str]:
        """Say in what the body differs from the client's where it passes through."""
        if plan.forwards and plan.body != self._exchange.raw:
            member = self._endpoint.model_member
            yield f"{member}: {self._exchange.model} becomes {target.model}"

    def _fields(self, plan: Plan) -> Iterator[Made]:
        """Give the values of a translated body: it is encoded once more, with only that run on record."""
        if not isinstance(plan, Translation) or isinstance(plan, count.Counting):
            return
        self._origins.clear()
        body = plan.upstream.encode_request(plan.request, plan.call).body
        places: dict[Path, Where] = dict(self._origins.of(body))
        known = {path[0] for path in places}
        yield from (Made(dotted(path), place_of(where)) for path, where in places.items())
        yield from (Made(str(name), _KEPT) for name in body if name not in known)


def dotted(path: Path) -> str:
    """A path as people write it: `a[0].b`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def shown(place: CredentialPlace) -> str:
    """A place of credentials as people write it."""
    if place.query is not None:
        return f"?{place.query}="
    return f"{place.header}: {place.scheme}" if place.scheme else str(place.header)


def _given(place: CredentialPlace) -> dict[str, str]:
    if place.header is None:
        return {}
    return {place.header: f"{place.scheme or ''} {_NOT_A_SECRET}".strip()}


def _with_headers(incoming: Any, headers: Mapping[str, str]) -> Asked:
    assert isinstance(incoming, Asked)
    return replace(incoming, headers={**incoming.headers, **headers})


def _with_model(exchange: Exchange, asked: Asked, model: str) -> None:
    """Let the request name another model, in its body or in its address."""
    endpoint = exchange.endpoint
    assert endpoint is not None
    if endpoint.model_member is None:
        exchange.path = dict.fromkeys(exchange.path, model) if len(exchange.path) == 1 else exchange.path
        return
    try:
        body = orjson.loads(asked.body)
    except orjson.JSONDecodeError:
        return
    if isinstance(body, dict):
        exchange.incoming = replace(asked, body=orjson.dumps({**body, endpoint.model_member: model}))
