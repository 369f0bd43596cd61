"""What a configuration sets in a request, whatever the client said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge_patch(value: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Give `value` with the members of `patch` set: mappings are merged, null removes, all else replaces."""
    merged = dict(value)
    for name, new in patch.items():
        old = merged.get(name)
        if new is None:
            merged.pop(name, None)
        elif isinstance(new, Mapping):
            merged[name] = merge_patch(old if isinstance(old, Mapping) else {}, new)
        else:
            merged[name] = new
    return merged
