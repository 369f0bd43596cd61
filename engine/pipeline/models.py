"""What the caller may use, in the client's protocol: answered here, never upstream."""

from __future__ import annotations

import orjson

from .endpoint import meant, shown
from .errors import Problem
from .exchange import Exchange


async def list_models(exchange: Exchange) -> bool:
    """Answer an endpoint whose operation is `models` or `model`; false for every other operation.

    Raises Problem when the one model that was asked for is not one of the caller's.
    """
    endpoint, key = exchange.endpoint, exchange.key
    assert endpoint is not None
    assert key is not None
    if endpoint.operation not in {"models", "model"}:
        return False
    call = exchange.call()
    if endpoint.operation == "models":
        body = endpoint.protocol.encode_models(exchange.snapshot.models_of(key.group), call)
    else:
        wanted = endpoint.model(exchange.context()) if endpoint.model is not None else None
        found = exchange.snapshot.model_of(wanted, key.group) if isinstance(wanted, str) else None
        if found is None:
            hint = meant(str(wanted), (str(model["id"]) for model in exchange.snapshot.models_of(key.group)))
            raise Problem("not_found", f"There is no model {shown(str(wanted))} for this key.{hint}")
        body = endpoint.protocol.encode_model(found, call)
    await exchange.reply.whole(200, {"content-type": "application/json"}, orjson.dumps(body))
    return True
