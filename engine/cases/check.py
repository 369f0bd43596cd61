"""What a case gives beside what it says: every difference, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ..protocol import WireProtocol
from .case import Case
from .run import Made, run_case

_ABSENT = object()
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the path in the case, its line in the file, and both values as they are shown."""

    path: str
    line: int
    wanted: str
    made: str

    def __str__(self) -> str:
        return f"{self.path} (line {self.line})\n  wanted {self.wanted}\n  made   {self.made}"


def check_case(case: Case, protocols: Mapping[str, WireProtocol]) -> tuple[Difference, ...]:
    """Run a case and give all that differs from what it says; nothing when it holds."""
    return tuple(_differences(case, run_case(case, protocols)))


def expected(made: Made) -> dict[str, Any]:
    """What a case would have to say so that it holds: `out` and `losses`, or `rejected`."""
    if made.refused:
        return {"rejected": made.param}
    return {"losses": dict(made.losses), "out": made.value} if made.losses else {"out": made.value}


def differ(one: Any, other: Any) -> bool:
    """Whether two values are not the same; numbers are compared by what they count."""
    return any(_compare((), one, other))


def _differences(case: Case, made: Made) -> Iterator[Difference]:
    wanted = {name: case.data[name] for name in ("losses", "out", "rejected") if name in case.data}
    if wanted.get("losses") == {}:
        del wanted["losses"]
    for path, one, other in _compare((), wanted, expected(made)):
        yield Difference(_dotted(path), case.entry.at(*path).span().line, _shown(one), _shown(other))
    for problem in made.problems:
        yield Difference("in", case.entry.at("in").span().line, "what its schema says", problem)


def _compare(path: tuple[str | int, ...], wanted: Any, made: Any) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    if isinstance(wanted, dict) and isinstance(made, dict):
        for name in dict.fromkeys((*wanted, *made)):
            yield from _compare((*path, name), wanted.get(name, _ABSENT), made.get(name, _ABSENT))
    elif isinstance(wanted, list) and isinstance(made, list):
        for index in range(max(len(wanted), len(made))):
            one = wanted[index] if index < len(wanted) else _ABSENT
            yield from _compare((*path, index), one, made[index] if index < len(made) else _ABSENT)
    elif not _same(wanted, made):
        yield path, wanted, made


def _same(one: Any, other: Any) -> bool:
    """Whether two single values are the same: 2 and 2.0 are, true and 1 are not."""
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def _dotted(path: tuple[str | int, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
