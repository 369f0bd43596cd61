"""Opaque values: what only its maker can read travels sealed under the maker's family."""

from __future__ import annotations

from typing import Any

from ...canonical.carriers import carry as _carry, seal as _seal, unseal as _unseal
from .registry import Registry

REGISTRY = Registry("opaque values")


@REGISTRY.add(("unseal('a', seal('a', 'x'))", "x"), ("seal('a', null)", None))
def seal(family: Any, value: Any) -> str | None:
    """Seal a value under a family; one that is sealed already stays as it is."""
    return _seal(family, value) if isinstance(family, str) and isinstance(value, str) and value else None


@REGISTRY.add(("unseal('b', seal('a', 'x'))", None), ("unseal('a', null)", None))
def unseal(family: Any, value: Any) -> str | None:
    """Open a sealed value of this family; null for another family's."""
    return _unseal(family, value) if isinstance(family, str) and isinstance(value, str) else None


@REGISTRY.add(("carry('a', seal('a', 'x'))", "x"), ("carry('a', null)", None))
def carry(family: Any, value: Any) -> str | None:
    """Give what a client of this family holds: its own values bare, foreign ones sealed."""
    return _carry(family, value) if isinstance(family, str) and isinstance(value, str) else None
