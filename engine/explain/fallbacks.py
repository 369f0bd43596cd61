"""What keeps a request to one target, and which models would stand in for the wanted one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..compile.snapshot import Target
from ..config.load import Project
from ..config.model import Fallback
from ..pipeline.errors import Problem
from ..pipeline.exchange import Exchange
from ..pipeline.send import plan_for
from ..pipeline.way import at_rest, sticky_of
from .report import StandIn, Sticky
from .resolution import place_of, real_name


def sticky(project: Project, exchange: Exchange) -> Sticky | None:
    """What the request sticks to one target with; nothing where its model does not say so."""
    found = exchange.snapshot.find(real_name(exchange))
    model = project.routes.models[found.id] if found is not None else None
    if model is None or model.sticky is None or not exchange.targets:
        return None
    return Sticky(model.sticky, sticky_of(exchange, exchange.targets[0]), place_of(model.entry.at("sticky")))


def stand_ins(project: Project, exchange: Exchange) -> Iterator[StandIn]:
    """Give every model that would stand in, in order, and why one would be passed over."""
    targets = at_rest(exchange)
    found = exchange.snapshot.find(real_name(exchange))
    if not targets or found is None:
        return
    lost = _lost(exchange, targets[0])
    lost = lost if isinstance(lost, frozenset) else frozenset()
    strict = not targets[0].policy.fallback_may_lose
    visited = {found.id}
    left = _written(project, found.id)
    while left:
        fallback, where = left.pop(0)
        model = exchange.snapshot.find(fallback.model)
        if model is None or model.id in visited:
            continue
        visited.add(model.id)
        yield _stand_in(exchange, fallback, where, lost if strict else None)
        left[:0] = _written(project, model.id)


def _written(project: Project, model: str) -> list[tuple[Fallback, str]]:
    entry = project.routes.models[model]
    return [(it, place_of(entry.entry.at("fallback", index))) for index, it in enumerate(entry.fallback)]


def _stand_in(exchange: Exchange, fallback: Fallback, where: str, may_lose: frozenset[str] | None) -> StandIn:
    """The first target of a model that would be called; without one, why the first is not."""
    group = exchange.key.group if exchange.key is not None else ""
    targets = exchange.snapshot.resolve(fallback.model, group)
    if not targets:
        return StandIn(fallback.model, fallback.on, None, f"the group {group} does not have it", where)
    reasons = [_reason(exchange, target, may_lose) for target in targets]
    for target, reason in zip(targets, reasons, strict=True):
        if reason is None:
            return StandIn(fallback.model, fallback.on, target.provider.id, None, where)
    return StandIn(fallback.model, fallback.on, targets[0].provider.id, reasons[0], where)


def _reason(exchange: Exchange, target: Target, may_lose: frozenset[str] | None) -> str | None:
    lost = _lost(exchange, target)
    if isinstance(lost, str):
        return lost
    more: Sequence[str] = sorted(lost - may_lose) if may_lose is not None else ()
    return f"would lose {', '.join(more)}" if more else None


def _lost(exchange: Exchange, target: Target) -> frozenset[str] | str:
    """The places that a target would lose with a warning, or why it cannot be told the request."""
    try:
        plan = plan_for(exchange, target)
    except Problem as problem:
        return str(problem.error["message"])
    return frozenset(loss.general for loss in plan.losses if loss.severity != "drop")
