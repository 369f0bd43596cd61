"""The order of targets: bands of one priority; within a band what a request sticks to, else whose turn it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

from ..compile.snapshot import Target
from .state import Routing, key_of

Rank = tuple[int, int]
_WHOLE = 2.0**64


def bands(targets: Sequence[Target], ranks: Sequence[int] | None = None) -> list[list[Target]]:
    """Give the targets by rank, where there are ranks, and by priority; the first band is called first."""
    if len(targets) == 1:
        return [list(targets)]
    places: dict[Rank, list[Target]] = {}
    for index, target in enumerate(targets):
        places.setdefault((ranks[index] if ranks else 0, target.priority), []).append(target)
    return [places[rank] for rank in sorted(places)]


def in_order(band: Sequence[Target], routing: Routing, sticky: str | None) -> Sequence[Target]:
    """Give the targets of a band, the one that should be called now first.

    With something to stick to, the highest score wins, which only the value and the target decide: no worker has to
    remember it, and where a target is lost only its own requests move. Else it is whose turn came longest ago; a
    target of weight 3 has three turns for each of one of weight 1.
    """
    if len(band) < 2:
        return band
    if sticky is not None:
        return sorted(band, key=_score(sticky), reverse=True)
    turns = _turns(band, routing)
    return sorted(band, key=lambda target: turns[key_of(target)])


def count_turn(target: Target, band: Sequence[Target], routing: Routing) -> None:
    """Count the turn that a target has now."""
    if len(band) > 1:
        turn = _turns(band, routing)[key_of(target)]
        routing.standing(target).turn = turn + 1.0 / target.weight


def _turns(band: Sequence[Target], routing: Routing) -> dict[tuple[str, str], float]:
    """Give the turns of a band; one that was away for long does not get all turns that it missed."""
    had = {key_of(target): _turn(target, routing) for target in band}
    least = max(had.values()) - max(1.0 / target.weight for target in band)
    return {key: max(turn, least) for key, turn in had.items()}


def _turn(target: Target, routing: Routing) -> float:
    standing = routing.known(target)[0]
    return standing.turn if standing is not None else 0.0


def _score(value: str) -> Callable[[Target], float]:
    """Weighted rendezvous hashing: each target draws a number from the value and its own name."""

    def score(target: Target) -> float:
        said = "\0".join((value, *key_of(target))).encode("utf-8", "surrogatepass")
        drawn = (int.from_bytes(blake2b(said, digest_size=8).digest()) + 0.5) / _WHOLE
        return -target.weight / math.log(drawn)

    return score


def callable_now(banded: Sequence[Sequence[Target]], routing: Routing, sticky: str | None) -> Iterator[Target]:
    """Give every target that may be called now, in order."""
    for band in banded:
        if len(band) == 1:
            if routing.is_open(band[0]) and not routing.is_full(band[0]):
                yield band[0]
            continue
        yield from (it for it in in_order(band, routing, sticky) if routing.is_open(it) and not routing.is_full(it))
