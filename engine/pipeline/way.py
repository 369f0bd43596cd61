"""The way of one request through its targets, and through the models that may stand in for its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import orjson

from ..canonical.patch import merge_patch
from ..compile.course import Fallback
from ..compile.policy import Rule
from ..compile.snapshot import Target
from ..routing.order import bands, callable_now, count_turn, in_order
from .errors import Problem
from .exchange import Exchange
from .outcomes import Failed
from .plan import Plan
from .resolve import ranks

Planner = Callable[[Exchange, Target], Plan]


class Way:
    """Gives the targets of a request one after the other, each at most once; a failure may send it elsewhere."""

    def __init__(self, exchange: Exchange, targets: Sequence[Target]) -> None:
        self.unable: Problem | None = None  # what the first target said that the request cannot be told to
        self._exchange = exchange
        self._routing = exchange.routing
        self._policy = targets[0].policy
        self._patch = targets[0].patch
        self._wanted = targets
        self._bands = bands(targets, ranks(exchange, targets))
        self._sticky = sticky_of(exchange, targets[0])
        self._called: set[int] = set()
        self._fallbacks: list[Fallback] = list(targets[0].course.fallbacks)
        self._visited = {exchange.model}
        self._stands_in = False
        self._known_losses: frozenset[str] | None = None
        self._names: Sequence[str] = ()
        self._gives_up = False

    async def first(self) -> Target:
        """The target that is called first. Raises Problem when every one is full, or is to be left alone."""
        found = self._own() or (await self._queued() if self._policy.queue else None)
        found = found or self._elsewhere(()) or self._least_bad()
        if found is None:
            raise self.nobody()
        return self._taken(found)

    def next(self, failure: Failed, rule: Rule) -> Target | None:
        """The target that is called after a failure, if its rule or a fallback wants one."""
        self._names, self._gives_up = failure.names, rule.then == "give_up"
        found = self._meant() or (None if self._gives_up else self._own() or self._elsewhere(()))
        return self._taken(found) if found is not None else None

    def instead(self) -> Target | None:
        """The target that is called instead of one that cannot be told the request, or would lose too much of it."""
        found = self._own() or self._meant() or (None if self._gives_up else self._elsewhere(()))
        if found is None and not self._names:
            found = self._least_bad()  # nobody has been called yet
        return self._taken(found) if found is not None else None

    def plan(self, target: Target, planned: Planner) -> Plan | None:
        """How a target is called; none if it cannot be told the request, or would lose more of it than it may.

        Raises Problem for a request that no target can be told.
        """
        try:
            plan = planned(self._exchange, target)
        except Problem as problem:
            if problem.error["kind"] != "unsupported" and self._known_losses is None:
                raise
            self.unable = self.unable or problem
            return None
        lost = _lost(plan)
        if self._known_losses is None:
            self._known_losses = self._lost_anyway(planned) if self._stands_in else lost
        loses = self._stands_in and not self._policy.fallback_may_lose and not lost <= self._known_losses
        return None if loses else plan

    def _lost_anyway(self, planned: Planner) -> frozenset[str]:
        """What the wanted model would lose, none of whose targets may be called now."""
        try:
            return _lost(planned(self._exchange, self._wanted[0]))
        except Problem:
            return frozenset()

    def _own(self) -> Target | None:
        """The next target of the model that the request is at."""
        for target in callable_now(self._bands, self._routing, self._sticky):
            if id(target) not in self._called:
                return target
        return None

    async def _queued(self) -> Target | None:
        """The target that is free first, if that is soon enough."""
        if not any(map(self._routing.is_open, self._wanted)):
            return None
        until = self._routing.clock() + self._policy.queue
        while (left := until - self._routing.clock()) > 0 and await self._routing.place(left):
            if found := self._own():
                return found
        return None

    def _meant(self) -> Target | None:
        """A target of a model that is named for just this failure."""
        return self._elsewhere(self._names) if self._names else None

    def _elsewhere(self, names: Sequence[str]) -> Target | None:
        """A target of the next model that may stand in: after any failure, or after just these."""
        for fallback in list(self._fallbacks):
            if (set(names) & set(fallback.on)) if names else not fallback.on:
                self._fallbacks.remove(fallback)
                if found := self._entered(fallback):
                    return found
        return None

    def _entered(self, fallback: Fallback) -> Target | None:
        """Go over to another model; its own fallbacks come before those that are left."""
        exchange = self._exchange
        if fallback.model in self._visited or exchange.key is None:
            return None
        self._visited.add(fallback.model)
        targets = [self._with_patch(it) for it in exchange.snapshot.resolve(fallback.model, exchange.key.group)]
        if not targets:
            return None
        self._fallbacks[:0] = targets[0].course.fallbacks
        self._bands = bands(targets)
        self._sticky = sticky_of(exchange, targets[0])
        self._stands_in = True
        return self._own()

    def _with_patch(self, target: Target) -> Target:
        """What a variant of the wanted model sets is wanted of those that stand in for it, too."""
        return replace(target, patch=merge_patch(target.patch, self._patch)) if self._patch else target

    def _least_bad(self) -> Target | None:
        """Where all are to be left alone: the one that may be called again first."""
        left = [it for it in self._wanted if id(it) not in self._called]
        cool = [it for it in left if not self._routing.is_full(it)]
        return min(cool, key=self._routing.left) if cool and self._policy.all_cool == "try" else None

    def nobody(self) -> Problem:
        """What the client is told when no target may be called."""
        waits = [self._routing.left(it) for it in self._wanted]
        if any(map(self._routing.is_open, self._wanted)):
            message = "All places at the model's providers are taken."
            return Problem("unavailable", message, code="upstream_full", retry_after=1)
        message = "Service temporarily unavailable."
        return Problem("unavailable", message, code="upstream_unavailable", retry_after=max(1.0, min(waits)))

    def _taken(self, target: Target) -> Target:
        self._called.add(id(target))
        if len(self._bands) == 1 and len(self._bands[0]) == 1:
            return target
        for band in self._bands:
            if len(band) > 1 and any(it is target for it in band):
                count_turn(target, band, self._routing)
        return target


def _lost(plan: Plan) -> frozenset[str]:
    """The places of the request that are lost with a warning."""
    return frozenset(loss.general for loss in plan.losses if loss.severity != "drop")


def at_rest(exchange: Exchange) -> list[Target]:
    """Give the targets in the order in which they are called when nothing is held against any."""
    targets = exchange.targets
    sticky = sticky_of(exchange, targets[0]) if targets else None
    banded = bands(targets, ranks(exchange, targets))
    return [target for band in banded for target in in_order(band, exchange.routing, sticky)]


def sticky_of(exchange: Exchange, target: Target) -> str | None:
    """What the request sticks to one target with; nothing where its model does not say, or the request has none."""
    if target.course.sticky is None:
        return None
    value = target.course.sticky(exchange.context())
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
