"""What an attempt came to: a failure has names, the most particular first, by which policies know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..compile.prices import Price
from ..protocol import UpstreamErrorBody
from ..upstream.errors import UpstreamError
from ..wire.frame import FrameError
from .errors import Problem

Names = tuple[str, ...]
OK = "ok"
LEFT = "client_closed"
STOPPED = "stopped"  # by the gateway itself: nothing is held against anybody


@dataclass(slots=True)
class Attempt:
    """One call of one target, for logs, metrics and usage; times in seconds.

    `began` and `first` count from the beginning of the request: when the target was called, and when the client was
    sent the first output of a stream. `outcome` is `ok`, `client_closed` or what `label` makes of the names of the
    failure, `status` that of the upstream's answer, 0 without one, `code` that of the error, if it has one. `public` is
    the public name of the model. `waited` is how much of `seconds` the upstream took, `usage` the canonical token
    counts that it told, `prices` what tokens cost there, `cooled` whether it is why the target is left alone.
    """

    provider: str
    model: str
    protocol: str
    began: float
    outcome: str = ""
    status: int = 0
    seconds: float = 0.0
    first: float | None = None
    public: str = ""
    code: str = ""
    waited: float = 0.0
    usage: Mapping[str, Any] = field(default_factory=dict)
    prices: Sequence[Price] = ()
    cooled: bool = False


class Failed(Exception):
    """An attempt failed before the client saw anything; `raw` is a body in the client's protocol that says why.

    `wait` is how many seconds the upstream asks for.
    """

    def __init__(
        self, problem: Problem, names: Names, *, raw: bytes | None = None, status: int = 0, wait: float | None = None
    ) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.names = names
        self.raw = raw
        self.status = status
        self.wait = wait


def label(names: Sequence[str]) -> str:
    """The one name that logs and metrics have for an outcome: what it means rather than its status."""
    return names[1] if len(names) > 1 and names[0].isdigit() else names[0]


def names_of_refusal(status: int, kind: str) -> Names:
    """The names of an answer whose status is an error."""
    return str(status), kind, f"{status // 100}xx"


def names_of_error(error: Mapping[str, Any], through: str) -> Names:
    """The names of an error that came `through` something else than a status; a client's mistake stays one."""
    status, kind = int(error.get("status") or 500), str(error["kind"])
    return str(status), kind, f"{status // 100}xx" if 400 <= status <= 499 else through


def of_fault(fault: UpstreamError | FrameError) -> tuple[dict[str, Any], Names]:
    """The canonical error and the names of bytes that did not arrive, or cannot be read."""
    if isinstance(fault, UpstreamError):
        return fault.error, (fault.outcome,)
    message = f"The upstream's stream cannot be read: {fault}."
    return Problem("bad_gateway", message, code="upstream_invalid").error, ("malformed",)


def of_answer(fault: Problem | UpstreamErrorBody, raw: bytes) -> Failed:
    """The failure of a whole answer that says an error, or nothing that can be read."""
    if isinstance(fault, UpstreamErrorBody):
        return Failed(Problem.of(fault.error), names_of_error(fault.error, "error_body"))
    return Failed(fault, ("malformed",) if raw.strip() else ("empty",))
