"""What is remembered of one target or provider, and of the attempts that a provider's failures have cost."""

from __future__ import annotations

from ..compile.policy import Policy, Rule

_WINDOW = 10.0


class Standing:
    """How one target or one provider has behaved; moments are those of the worker's clock.

    It is cool until a moment; then one request at a time may find out whether it is well again. `name` is the public
    name of the model that a target was first called for; a provider has none.
    """

    __slots__ = ("coolings", "failures", "name", "probes", "running", "turn", "until")

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.failures = 0  # in a row
        self.coolings = 0  # in a row
        self.until: float | None = None  # None: nothing is held against it
        self.probes = 0
        self.running = 0
        self.turn = 0.0  # the weighted number of requests it has been given

    def is_idle(self) -> bool:
        """Whether nothing would be lost if it were forgotten, but for its turn."""
        return self.until is None and not self.running and not self.failures

    def open(self, now: float) -> bool:
        """Whether it may be called."""
        return self.until is None or (self.until <= now and self.probes == 0)

    def left(self, now: float) -> float:
        """Seconds for which it is still cool."""
        return max(0.0, self.until - now) if self.until is not None else 0.0

    def well(self) -> None:
        """Take note of an answer to a call that was to find out: nothing is held against it any more."""
        self.failures = self.coolings = 0
        self.until = None

    def failed(self, rule: Rule, policy: Policy, now: float, wait: float | None) -> bool:
        """Take note of a failure that counts; `wait` is what the upstream itself asks for, in seconds.

        Tells whether it is to be left alone for that. Calls that were under way when it became cool say nothing new.
        """
        self.failures += 1
        if wait is not None:
            self._cool(now + min(wait, policy.retry_after_max))
            return True
        if self.failures >= rule.after and (self.until is None or self.until <= now):
            seconds = min(rule.cool * 2.0 ** min(self.coolings, 30), policy.cool_max)
            self.coolings += 1
            self._cool(now + seconds)
            return True
        return False

    def refused(self, seconds: float, now: float) -> None:
        """Take note that its credential is not accepted."""
        self._cool(now + seconds)

    def _cool(self, until: float) -> None:
        self.until = max(self.until or 0.0, until)


class Budget:
    """How many of the requests of the last seconds have been sent once more.

    Both counts are halved whenever a window is over, so that what was long ago counts little.
    """

    __slots__ = ("_began", "again", "requests")

    def __init__(self, now: float) -> None:
        self._began = now
        self.requests = 0.0
        self.again = 0.0

    def count(self, now: float) -> None:
        """Count a request."""
        if now - self._began >= _WINDOW:
            self._age(now)
        self.requests += 1

    def take(self, policy: Policy, now: float) -> bool:
        """Count a further attempt, if one is allowed."""
        if now - self._began >= _WINDOW:
            self._age(now)
        if self.again + 1 > max(policy.retry_minimum, policy.retry_budget * self.requests):
            return False
        self.again += 1
        return True

    def _age(self, now: float) -> None:
        share = 0.5 ** min((now - self._began) // _WINDOW, 60.0)
        self.requests *= share
        self.again *= share
        self._began = now
