"""Names of members in one spelling, for formats whose readers take `a_b` and `aB` alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NONE: frozenset[str] = frozenset()
_HUMP = re.compile(r"(?<=[A-Za-z0-9])_+([A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class Names:
    """How the members of a body are spelled before it is read; what stands under an `opaque` one is left as it is."""

    opaque: frozenset[str]

    def respell(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give the body with every name in camel case; where both spellings are there, that one wins."""
        spelled: dict[str, Any] = {}
        for name, value in body.items():
            camel = camel_case(name)
            if camel == name or camel not in body:
                spelled[camel] = value if camel in self.opaque else self._inside(value)
        return spelled

    def _inside(self, value: Any) -> Any:
        if type(value) is dict:
            return self.respell(value)
        if type(value) is list:
            return [self._inside(item) for item in value]
        return value


def camel_case(name: str) -> str:
    """Write `some_name` as `someName`."""
    return _HUMP.sub(lambda found: found[1].upper(), name) if "_" in name else name


def read_names(declared: object) -> Names | None:
    """Read what a file says under `names`; nothing when it says nothing."""
    if not isinstance(declared, Mapping):
        return None
    opaque = declared.get("opaque")
    return Names(frozenset(name for name in opaque if isinstance(name, str)) if isinstance(opaque, list) else _NONE)
