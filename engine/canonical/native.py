"""What only single protocols say: `{protocol: {field: value}}`, written back only to the protocol it came from."""

from collections.abc import Mapping
from typing import Any

Native = Mapping[str, Mapping[str, Any]]


def merge_native(known: Native | None, news: Native | None) -> dict[str, Any]:
    """Return `known` overlaid with `news`, field by field; neither is changed."""
    merged: dict[str, Any] = dict(known or {})
    for protocol, fields in (news or {}).items():
        merged[protocol] = {**merged.get(protocol, {}), **fields}
    return merged
