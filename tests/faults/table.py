"""Tables of faults: what an upstream does, and what must come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.faults.play import Step

TABLES = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Fault:
    """One row for one mode, `whole` or `stream`: the steps of the upstream, and what is expected.

    `outcome` is the name that policies have for it, `ok` for none, and `error` the class of the client's error; several
    where protocols tell things apart that others do not. `next` says whether another target is asked, `late` whether
    text comes before the error, `heard` whether all of it does, so that clients of the same protocol have heard the end. `hasty` rows need short timers. `refuses` is a status of the upstream, which clients of
    the same protocol see as it was said. `on` are the protocols of upstreams that can do it.
    """

    name: str
    mode: str
    does: Sequence[Step]
    outcome: str
    error: str = ""
    next: bool = True
    late: bool = False
    heard: bool = False
    hasty: bool = False
    refuses: int = 0
    on: Sequence[str] = ()

    @property
    def good(self) -> bool:
        return self.outcome == "ok"


@cache
def document(name: str) -> Any:
    """What a file of the folder says."""
    return YAML(typ="safe").load(TABLES / f"{name}.yaml")


@cache
def faults(table: str) -> tuple[Fault, ...]:
    """The rows of a table, once for each mode in which they can happen."""
    return tuple(
        _fault(name, row, mode)
        for name, row in document(table).items()
        for mode in row.get("modes", ("whole", "stream"))
    )


def _fault(name: str, row: dict[str, Any], mode: str) -> Fault:
    said = {key: value for key, value in row.items() if key not in ("rows", "modes", "whole", "stream")}
    return Fault(name, mode, **{**said, **row.get(mode, {})})
