"""Where two documents differ, and what the places are called in general."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..canonical.carriers import family_of

Place = tuple[str | int, ...]


def differences(one: Any, other: Any, place: Place = ()) -> Iterator[Place]:
    """Give the places of `one` and `other` whose values differ; of a member that one lacks, its own place."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*one, *other)):
            if name in one and name in other:
                yield from differences(one[name], other[name], (*place, name))
            else:
                yield (*place, name)
    elif isinstance(one, list) and isinstance(other, list):
        for at, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from differences(left, right, (*place, at))
        yield from ((*place, at) for at in range(min(len(one), len(other)), max(len(one), len(other))))
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield place


def leaves(value: Any, place: Place = ()) -> Iterator[Place]:
    """Give the places of all that a value holds, or its own if it holds nothing."""
    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    found = False
    for step, each in inner:
        found = True
        yield from leaves(each, (*place, step))
    if not found:
        yield place


def value_at(document: Any, place: Place) -> Any:
    """Give what stands at a place, or nothing."""
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def written(place: Place) -> str:
    """Write a place as in the reports of losses: `letters[0].lines[1].say`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def general(place: Place) -> str:
    """Write a place of a wire document without numbers: `letters[].lines[].say`."""
    return "".join("[]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def canonical(place: Place, *documents: Any) -> str:
    """Write a place of a canonical document as in a `loss` mapping: parts and tools by their kind, results opened."""
    holders, steps = list(documents), list[str]()
    for step in place:
        holders = [value_at(holder, (step,)) for holder in holders]
        if isinstance(step, int):
            if steps[-1] in ("parts", "tools"):
                kinds = (holder.get("kind") for holder in holders if isinstance(holder, dict))
                steps += [str(kind) for kind in kinds if kind is not None][:1]
        elif step == "parts" and steps[:2] == ["turns", "parts"]:
            del steps[steps.index("parts") + 1 :]
        else:
            steps.append(step)
    return ".".join(steps)


def sealed(value: Any) -> bool:
    """Tell whether a value holds text that only its own family can read."""
    if isinstance(value, str):
        return family_of(value) is not None
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(sealed(each) for each in inner)
