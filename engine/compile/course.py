"""What a model says of the way through its targets, compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fallback:
    """Another model that may answer instead, after the outcomes `on`; without them, after all that go on."""

    model: str
    on: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """`sticky` gives what keeps a request to one target, from path, query, headers and body; then who stands in."""

    sticky: Callable[[Mapping[str, object]], Any] | None = None
    fallbacks: Sequence[Fallback] = ()
