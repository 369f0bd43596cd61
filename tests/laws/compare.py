"""Where two canonical values differ, and what explains it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from torouter.canonical.loss import Loss
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics

Json = dict[str, Any]

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_ABSENT = "absent"


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Name each member that differs, as `turns.parts.text.cache: 'this' is not 'that'`."""
    if isinstance(one, dict) and isinstance(other, dict):
        kind = f".{one['kind']}" if "kind" in one and path.rsplit(".", 1)[-1] in ("parts", "tools") else ""
        for name in dict.fromkeys([*one, *other]):
            here = f"{path}{kind}.{name}".removeprefix(".")
            yield from differences(one.get(name, _ABSENT), other.get(name, _ABSENT), here)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for mine, theirs in zip(one, other, strict=True):
            yield from differences(mine, theirs, path)
    elif one != other:
        yield f"{path}: {one!r} is not {other!r}"


def unexplained(found: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """Leave only the differences that stand at none of the allowed places, nor below one."""
    allowed = tuple(allowed)
    return [line for line in found if not any(_is_below(line.split(":", 1)[0], place) for place in allowed)]


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith(place + ".")


def without(request: Json, losses: Iterable[Loss]) -> Json:
    """Give a request without what its encoding declared lost."""
    kept = deepcopy(request)
    for loss in sorted(losses, key=lambda loss: [int(n or 0) for _, n in _STEP.findall(loss.path)], reverse=True):
        steps = [name or int(number) for name, number in _STEP.findall(loss.path)]
        _remove(kept, steps)
    return kept


def _remove(value: Any, steps: list[str | int]) -> None:
    """Remove what stands at a place, and an object that has nothing else."""
    if len(steps) > 1:
        _remove(value[steps[0]], steps[1:])
    if len(steps) == 1 or value[steps[0]] == {}:
        del value[steps[0]]


def at(value: Any, path: str) -> Any:
    """Give what stands at the place of a loss; None where nothing does."""
    for name, number in _STEP.findall(path):
        if number:
            value = value[int(number)] if isinstance(value, list) and int(number) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


@cache
def facts(protocol: str) -> Mapping[str, Any]:
    """Give what deviations.yaml says of a protocol."""
    document = load_document(Path(__file__).parent / "deviations.yaml", "deviations.yaml", "tests", Diagnostics())
    assert document is not None
    data: Any = document.data
    return data.get(protocol) or {}


def deviations(protocol: str, direction: str) -> Mapping[str, str]:
    """Give the places where a protocol is known to differ beyond its declared losses, each with the reason."""
    return facts(protocol).get(direction, {})
