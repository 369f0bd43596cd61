"""Forms and their targets: the first one decides whether a form passes as it arrives or becomes a document."""

from __future__ import annotations

from . import passthrough
from .body import is_streamed
from .exchange import Exchange
from .resolve import service_of


async def settle_form(exchange: Exchange) -> None:
    """Leave only targets that take a form in the way in which the first one does. Raises Problem.

    What passes as it arrives is gone afterwards, so nobody could read it as a document then.
    """
    form, client = exchange.form, exchange.client
    if form is None:
        return
    assert client is not None
    passing = [
        passthrough.is_possible(exchange, it, client, service_of(it, client).protocol) for it in exchange.targets
    ]
    exchange.targets = [it for it, passes in zip(exchange.targets, passing, strict=True) if passes is passing[0]]
    if not passing[0]:
        exchange.body = await form.document()
        exchange.stream = is_streamed(exchange)
