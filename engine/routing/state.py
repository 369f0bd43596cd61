"""What a worker remembers from one request to the next. It outlives the configuration: nothing in it refers to one."""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator

from ..compile.policy import Rule
from ..compile.snapshot import Target
from .standing import Budget, Standing

Key = tuple[str, str]

REMEMBERED = 4096
"""Targets of which something is remembered at most; those that were used last."""

WAITING = 1000
"""Requests that wait for a free place at most."""


class Routing:
    """The standing of targets and providers, the budgets, and who waits for a place; all of one event loop.

    `clock` gives seconds that never go back, `wall` seconds since 1970, `chance` numbers from 0 to 1.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self.wall = wall
        self.chance = chance
        self.sleep = sleep
        self.targets: OrderedDict[Key, Standing] = OrderedDict()
        self.providers: dict[str, Standing] = {}
        self._budgets: dict[str, Budget] = {}
        self._waiting: list[asyncio.Future[None]] = []

    def known(self, target: Target) -> tuple[Standing | None, Standing | None]:
        """What is remembered of a target and of its provider."""
        return self.targets.get(key_of(target)), self.providers.get(target.provider.id)

    def standing(self, target: Target) -> Standing:
        """The standing of a target, which is remembered from now on."""
        key = key_of(target)
        if key in self.targets:
            self.targets.move_to_end(key)
        else:
            if len(self.targets) >= REMEMBERED:
                self._forget()
            self.targets[key] = Standing(str(target.view.get("name", "")))
        return self.targets[key]

    def provider(self, target: Target) -> Standing:
        """The standing of a target's provider, which is remembered from now on."""
        return self.providers.setdefault(target.provider.id, Standing())

    def remembered(self) -> Iterator[tuple[str, str, Standing]]:
        """Give everything that is remembered, with the name of its provider and the public one of its model."""
        for (provider, _), standing in self.targets.items():
            yield provider, standing.name, standing
        for provider, standing in self.providers.items():
            yield provider, "", standing

    def budget(self, target: Target) -> Budget:
        """The budget of those requests that call this target's provider first."""
        found = self._budgets.get(target.provider.id)
        if found is None:
            found = self._budgets[target.provider.id] = Budget(self.clock())
        return found

    def is_open(self, target: Target) -> bool:
        """Whether nothing is held against a target or its provider."""
        one, whole = self.known(target)
        if one is None and whole is None:
            return True
        now = self.clock()
        return (one is None or one.open(now)) and (whole is None or whole.open(now))

    def is_full(self, target: Target) -> bool:
        """Whether a target or its provider answers as many requests as it takes."""
        if target.concurrent is None and target.provider.concurrent is None:
            return False
        one, whole = self.known(target)
        return _full(one, target.concurrent) or _full(whole, target.provider.concurrent)

    def left(self, target: Target) -> float:
        """Seconds for which a target is to be left alone."""
        now = self.clock()
        return max((it.left(now) for it in self.known(target) if it is not None), default=0.0)

    def enter(self, target: Target) -> Lease:
        """Count a call that begins; the lease must be returned with `leave`."""
        one, whole = self.known(target)
        if one is None and whole is None and target.concurrent is None and target.provider.concurrent is None:
            return _FREE
        if one is None and target.concurrent is not None:
            one = self.standing(target)
        if whole is None and target.provider.concurrent is not None:
            whole = self.provider(target)
        held = [it for it in (one, whole) if it is not None]
        probed = [it for it in held if it.until is not None]
        for standing in held:
            standing.running += 1
        for standing in probed:
            standing.probes += 1
        return Lease(held, probed)

    def leave(self, lease: Lease) -> None:
        """Count a call that is over, and let the next one in that waits for its place."""
        if lease is not _FREE:
            for it in lease.held:
                it.running -= 1
            for it in lease.probed:
                it.probes -= 1
        if self._waiting:
            self._wake()

    def judge(self, target: Target, lease: Lease, rule: Rule | None, wait: float | None = None) -> bool:
        """Take note of how a call ended: well without a rule; `wait` is how many seconds the upstream asks for.

        Tells whether somebody is to be left alone for that. An outcome after which the request gives up is the client's
        fault: the target has answered.
        """
        if rule is None or (rule.then == "give_up" and not (rule.cool or rule.dead)):
            for standing in lease.probed:
                standing.well()
            for known in self.known(target):
                if known is not None:
                    known.failures = 0
            return False
        now = self.clock()
        if rule.dead:
            self.provider(target).refused(rule.dead, now)
        if rule.cool:
            held = self.provider(target) if rule.of == "provider" else self.standing(target)
            return held.failed(rule, target.policy, now, wait) or bool(rule.dead)
        return bool(rule.dead)

    async def place(self, seconds: float) -> bool:
        """Wait until some call is over; false if none is in time, or if too many wait already."""
        if len(self._waiting) >= WAITING:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            return False
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)
        return True

    @property
    def waiting(self) -> int:
        """How many requests wait for a place."""
        return len(self._waiting)

    def _wake(self) -> None:
        """Let everyone look who waits, in the order in which they came: the place may not be for the first."""
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    def _forget(self) -> None:
        """Forget the target that was used longest ago, one of which nothing matters if there is such a one."""
        idle = next((key for key, it in self.targets.items() if it.is_idle()), None)
        if idle is not None:
            del self.targets[idle]
        else:
            self.targets.popitem(last=False)


class Lease:
    """A place at a target while it answers one request."""

    __slots__ = ("held", "probed")

    def __init__(self, held: list[Standing], probed: list[Standing]) -> None:
        self.held = held
        self.probed = probed


_FREE = Lease([], [])  # of a target of which there is nothing to count


def key_of(target: Target) -> Key:
    """The name under which a target is remembered."""
    return target.provider.id, target.model


def _full(standing: Standing | None, limit: int | None) -> bool:
    return limit is not None and standing is not None and standing.running >= limit
