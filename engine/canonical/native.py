"""What only single protocols say: `{protocol: {field: value}}`, written back only to the protocol it came from."""

from collections.abc import Collection, Mapping
from typing import Any

Native = Mapping[str, Mapping[str, Any]]


def merge_native(known: Native | None, news: Native | None) -> dict[str, Any]:
    """Return `known` overlaid with `news`, field by field; neither is changed."""
    merged: dict[str, Any] = dict(known or {})
    for name, fields in (news or {}).items():
        before = merged.get(name)
        merged[name] = {**before, **fields} if isinstance(before, dict) and isinstance(fields, dict) else fields
    return merged


def shows(part: Mapping[str, Any], kinds: Collection[str], protocol: str | None) -> bool:
    """Whether an encoder of these kinds can write a part; of native ones only those of its own protocol (None: all)."""
    kind = part["kind"]
    return kind in kinds and (kind != "native" or part.get("protocol", protocol) == protocol or protocol is None)
