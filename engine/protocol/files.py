"""The files of a protocol folder compiled, one frozen record per kind of file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..canonical.arrange import TurnOptions
from ..canonical.loss import Declared, LossPlan
from ..canonical.plain import PlainLosses
from ..language.expressions import Fn
from ..language.mapping import CompiledMapping
from ..language.stream import Rules
from .losses import DecidedLosses
from .names import Names
from .recalled import Recalled
from .unread import Reading

PARTS = frozenset({"part", "part.start", "part.delta", "part.full", "part.end", "logprobs"})
"""Events that say what an answer holds, and nothing of how it ends or what it costs."""


@dataclass(frozen=True, slots=True)
class RequestDecode:
    """From the client's body to the canonical request.

    `read` is what rules read of it (None: all), `loss` what is declared of places that have no canonical counterpart,
    `runs` the kinds of parts whose neighbours are pieces of one.
    """

    make: CompiledMapping
    read: Reading | None
    loss: Mapping[str, Declared]
    names: Names | None = None
    runs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RequestEncode:
    """From the canonical request to the upstream's body.

    `loss` knows what is never read, `decided` what depends on values or on the target,
    `declared` what a file says of places, whatever it reads; `native` names the members of
    the client's own that are written back (None: all); `turns` is None where requests have none.
    """

    make: CompiledMapping
    turns: TurnOptions | None
    loss: LossPlan | PlainLosses
    decided: DecidedLosses
    native: frozenset[str] | None = None
    declared: Mapping[str, Declared] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResponseDecode:
    """From the upstream's body to the canonical response; `loss` says which places of it are left behind, and why.

    `passes` tells whether an answer may go to a client of its protocol as it is (None: all may); `usage` makes that
    member of the response alone (None: it cannot be made without the rest, or there is none).
    """

    make: CompiledMapping
    loss: Mapping[str, Declared]
    passes: CompiledMapping | None = None
    usage: CompiledMapping | None = None


@dataclass(frozen=True, slots=True)
class ResponseEncode:
    """From the canonical response to the client's body; `loss` says what of it is left behind, and why."""

    make: CompiledMapping
    kinds: frozenset[str] | None
    slots: frozenset[str] | None
    first_only: bool
    loss: Mapping[str, Declared]


@dataclass(frozen=True, slots=True)
class StreamRules:
    """The rules of a stream file with the slots of its roots; `given` are those read that stay as they are."""

    rules: Rules
    size: int
    roots: Mapping[str, int]
    state: Mapping[str, Any]
    complete: Fn | None = None
    serial: bool = False
    number: str | None = None
    given: Sequence[int] = ()
    recalled: Recalled = field(default_factory=Recalled, compare=False, repr=False)

    def frame(self, values: Mapping[str, Any]) -> list[Any]:
        """Open a frame for one stream; each has a state of its own."""
        frame: list[Any] = [None] * self.size
        for name, slot in self.roots.items():
            frame[slot] = values.get(name)
        frame[self.roots["state"]] = {"ended": False, **self.state}
        return frame


@dataclass(frozen=True, slots=True)
class ErrorDecode:
    """From an upstream's error body to the canonical error; `when` recognises one that came as a success."""

    make: CompiledMapping
    when: CompiledMapping | None


@dataclass(frozen=True, slots=True)
class ErrorEncode:
    """From the canonical error to the client's status, headers, body and closing frames."""

    status: CompiledMapping
    headers: CompiledMapping | None
    make: CompiledMapping
    stream: CompiledMapping | None


@dataclass(frozen=True, slots=True)
class CountEncode:
    """From a canonical count to the client's answer; `request` finds what is counted in its body (None: all of it)."""

    make: CompiledMapping
    request: CompiledMapping | None


@dataclass(frozen=True, slots=True)
class CountDecode:
    """From an upstream's answer to a canonical count; `request` makes the question of a request (None: it is one)."""

    make: CompiledMapping
    request: CompiledMapping | None


@dataclass(frozen=True, slots=True)
class ModelsEncode:
    """From canonical models to the client's list and single form."""

    list: CompiledMapping
    one: CompiledMapping | None
