"""What templates of addresses may read of a target."""

from __future__ import annotations

import json
from functools import cache

from ..config.schema import ROUTE, schema_text
from ..diagnostics import did_you_mean
from ..language.reads import Path

_OWN = frozenset({"model", "provider", "name", "limits"})
_ABOUT_THE_ENTRY = frozenset({"match", "as_of", "source"})


def unknown_member(path: Path) -> str | None:
    """Say that a target has no such member, if that is so."""
    if path[0] != "target" or len(path) < 2 or path[1] in _members():
        return None
    suggestion = did_you_mean(path[1], _members())
    return f"`target` has no `{path[1]}`" + (f"; {suggestion}" if suggestion else "")


@cache
def _members() -> frozenset[str]:
    """What is known of every target, and what route files may say of a model."""
    facts = json.loads(schema_text(ROUTE))["$defs"]["capability"]["properties"]
    return _OWN | (frozenset(facts) - _ABOUT_THE_ENTRY)
