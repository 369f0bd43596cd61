"""What a request loses on its way to one target: known from what is read, and from what only the target decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from ..canonical import schema
from ..canonical.loss import PART, TOOL, Loss, LossPlan, Path, Severity, dotted, unknown_severities
from ..config.document import Where
from ..diagnostics import did_you_mean
from ..language.mapping import CompiledMapping, compile_mapping
from ..language.shape import Compiler

_ROOTS = ("request", "target", "memo")
_SEVERITIES = get_args(Severity)


@dataclass(frozen=True, slots=True)
class DecidedLoss:
    """A place of the request that only some targets take; `severity` gives how bad the loss is, or nothing."""

    place: str
    plan: LossPlan
    severity: CompiledMapping

    def check(self, request: dict[str, Any], roots: Mapping[str, Any]) -> Sequence[Loss]:
        """Give what this target does not take."""
        severity = self.severity.run({**roots, "request": request})
        if severity not in _SEVERITIES:
            return ()
        found = [loss for loss in self.plan.check(request) if _is_at(loss.general, self.place)]
        return [replace(loss, severity=severity, reason="this model does not take it") for loss in found]


def read_losses(
    where: Where, compiler: Compiler, reads: frozenset[Path]
) -> tuple[dict[str, Severity], frozenset[Path], tuple[DecidedLoss, ...]]:
    """Read the `loss` mapping of a file: fixed severities, the reads with what targets decide, and those decisions."""
    try:
        value = where.value
    except LookupError:
        value = None
    declared: dict[str, Any] = value if isinstance(value, dict) else {}
    unknown = unknown_severities(declared)
    for name in unknown:
        suggestion = did_you_mean(name, {dotted(path) for path in schema.paths()})
        message = f"the canonical request has no `{name}`"
        compiler.diagnostics.error("unknown-loss-path", where.key(name), message, help=suggestion)
    known = {name: severity for name, severity in declared.items() if name not in unknown}
    fixed: dict[str, Severity] = {name: said for name, said in known.items() if said in _SEVERITIES}
    decided = tuple(
        DecidedLoss(name, _plan_for(name), compile_mapping(where.at(name), _ROOTS, compiler))
        for name in known
        if name not in fixed
    )
    covered = {path for path in schema.paths() for loss in decided if _is_at(dotted(path), loss.place)}
    return fixed, reads | covered, decided


def _plan_for(place: str) -> LossPlan:
    """Plan for an encoder that carries everything but one place."""
    carried = [path for path in schema.paths() if not _is_at(dotted(path), place)]
    kinds = {path[len(PART)][1:] for path in carried if path[: len(PART)] == PART}
    tools = {path[len(TOOL)][1:] for path in carried if path[: len(TOOL)] == TOOL}
    return LossPlan.build(carried, kinds, tools)


def _is_at(general: str, place: str) -> bool:
    return general == place or general.startswith(place + ".")
