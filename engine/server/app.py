"""The Sanic application: one site answers every path, and errors are always the gateway's own."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import orjson
from sanic import Request, Sanic
from sanic.application.state import ApplicationServerInfo
from sanic.exceptions import PayloadTooLarge, RequestTimeout, SanicException
from sanic.handlers import ErrorHandler
from sanic.http import Http
from sanic.http.constants import HTTP
from sanic.response import HTTPResponse

from ..observe.observer import Answered, Observer
from ..pipeline.errors import Problem
from ..pipeline.stack import Gateway
from . import metrics
from .adapter import SanicIncoming, SanicReply, linger
from .head import METHODS, HeadCheck, RefusedHead

_DAY = 86_400
_numbers = itertools.count(1)
_log = logging.getLogger("torouter.server")


class Site:
    """What one worker serves: the gateway of the moment, and whether it still takes requests."""

    def __init__(self, gateway: Gateway, observer: Observer | None = None) -> None:
        self.gateway = gateway
        self.observer = observer or Observer()
        self.draining = False
        self._chance = Random()  # noqa: S311 - a number, no secret; of this process, for two must not count alike

    async def handle(self, request: Request) -> None:
        """Answer any request."""
        request_id = f"req_{self._chance.getrandbits(96):024x}"
        settings = self.gateway.snapshot.settings
        incoming = SanicIncoming(request)
        reply = SanicReply(request, dict.fromkeys(self._id_headers(), request_id), settings.body_timeout)
        reply.closing = self.draining
        if (health := self._health(incoming)) is not None:
            await reply.whole(health[0], {"content-type": "application/json"}, health[1])
            await linger(request)
            return
        observer = self.observer
        if incoming.path == metrics.PATH and (page := metrics.page(observer, settings.metrics, incoming, request.ip)):
            await reply.whole(*page)
            return
        exchange = self.gateway.exchange(incoming, reply, request_id)
        reply.streams = observer.streams
        observer.begins()
        try:
            await self.gateway.handle(exchange)
        finally:  # before anything is waited for: a gateway that stops waits for its requests, and for no more
            reply.over()
            observer.ends(exchange, Answered(reply.status, reply.sent, incoming.waited + reply.waited))
        if not incoming.taken:
            await linger(request)

    def refuse(self, request: Request, fault: BaseException) -> HTTPResponse:
        """The answer to what the server library refused before any handler ran."""
        if isinstance(fault, asyncio.CancelledError):  # the client is gone; whatever ran has said so in the log
            return HTTPResponse(status=499)
        request_id = f"req_{self._chance.getrandbits(96):024x}"
        incoming, problem = SanicIncoming(request), _problem(fault)
        status, headers, body = self.gateway.render(incoming, problem, request_id)
        headers.update(dict.fromkeys(self._id_headers(), request_id))
        if not isinstance(fault, SanicException):
            _log.error("request %s failed", request_id, exc_info=fault)
        fields = {"id": request_id, "status": status, "bytes": len(body), "outcome": problem.error["kind"]}
        self.observer.refused(incoming, fields)
        return HTTPResponse(body, status, headers)

    def _health(self, incoming: SanicIncoming) -> tuple[int, bytes] | None:
        """The answer to the questions of load balancers; None for any other request."""
        if incoming.method not in {"GET", "HEAD"}:
            return None
        if incoming.path in {"/", "/healthz"}:
            return 200, b'{"status":"ok"}'
        if incoming.path == "/readyz":
            return (503, b'{"status":"draining"}') if self.draining else (200, b'{"status":"ready"}')
        return None

    def _id_headers(self) -> Iterable[str]:
        return self.gateway.snapshot.settings.request_id_headers


def build(site: Site) -> Sanic[Any, Any]:
    """The application that serves `site`.

    The library's own limit on the time of an answer is as good as off: the pipeline has its own timers.
    """
    settings = site.gateway.snapshot.settings
    app: Sanic[Any, Any] = _App(
        f"torouter-{next(_numbers)}",
        error_handler=_Errors(site.refuse),
        configure_logging=False,
        dumps=lambda value: orjson.dumps(value).decode(),
        loads=orjson.loads,
    )
    app.config.update(
        ACCESS_LOG=False,
        AUTO_EXTEND=False,
        MOTD=False,
        KEEP_ALIVE_TIMEOUT=settings.keep_alive,
        REQUEST_TIMEOUT=settings.header_timeout,
        RESPONSE_TIMEOUT=_DAY,
        REQUEST_MAX_HEADER_SIZE=min(settings.max_header, Http.HEADER_CEILING),
        TOUCHUP=not getattr(Http, "__touched__", False),  # rewrites the library's classes: once in a process
    )
    # The library compiles its header for other protocol versions out if it knows that there are none.
    app.state.server_info.append(ApplicationServerInfo({"version": HTTP.VERSION_1}))
    app.ctx.check = HeadCheck(_credential_headers(site.gateway))

    app.ctx.site = site
    app.add_route(_nobody, "/", methods=METHODS, name="any")  # it does not start without one
    return app


async def _nobody(request: Request) -> None:
    """The handler of no request: the application asks its site."""


class _App(Sanic[Any, Any]):
    """Hands every request to its site: there is nothing for the library to route, and nothing around a handler."""

    async def handle_request(self, request: Request) -> None:
        """Answer one request; what is raised is answered by the error handler."""
        await self.ctx.site.handle(request)


class _Errors(ErrorHandler):
    """Renders whatever the library raises through the gateway, never as a page of the library."""

    def __init__(self, refuse: Callable[[Request, BaseException], HTTPResponse]) -> None:
        super().__init__()
        self._refuse = refuse

    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        """The answer to `exception`."""
        return self._refuse(request, exception)


def _credential_headers(gateway: Gateway) -> set[str]:
    return {place.header for endpoint in gateway.snapshot.endpoints for place in endpoint.auth if place.header}


def _problem(fault: BaseException) -> Problem:
    if isinstance(refused := fault.__cause__, RefusedHead):
        return Problem("invalid_request", str(refused), status=refused.status)
    if isinstance(fault, RequestTimeout):
        return Problem("timeout", "The request did not arrive in time.", status=408)
    if isinstance(fault, PayloadTooLarge):
        return Problem("too_large", "The request's head is too large.", status=431)
    if isinstance(fault, SanicException) and 400 <= fault.status_code < 500:
        return Problem("invalid_request", "The request is malformed.", status=fault.status_code)
    return Problem("server", "The gateway failed.", code="internal_error")
